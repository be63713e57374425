import { useT } from '../../i18n/use-t.ts';
import { useStore } from '../../store/store-context.tsx';

/** Says who set a value: this text, the dataset, one of the bases, or nobody. */
export function useOriginWords(): (...origins: readonly string[]) => string {
  const t = useT('config');
  const name = useStore((state) => state.configName);
  const one = (origin: string): string => {
    if (origin === 'data') return t('origin.data');
    if (origin === 'default') return t('origin.default');
    if (isOwn(origin, name)) return t('origin.own');
    return t('origin.file', { file: origin });
  };
  return (...origins) => {
    const words = origins.map(one).join(', ');
    return origins.length > 1 ? t('origin.several', { words }) : words;
  };
}

/** The engine calls an edited text `config.yaml`, and an unedited preset by its path. */
function isOwn(origin: string, name: string): boolean {
  return (
    origin === 'config.yaml' || origin.replace(/\.ya?ml$/u, '') === name.replace(/\.ya?ml$/u, '')
  );
}
