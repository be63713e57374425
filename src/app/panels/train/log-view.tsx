import { useVirtualizer } from '@tanstack/react-virtual';
import { Check, Copy } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useT } from '../../i18n/use-t.ts';
import { filterLog, type LogLevel, type LogLine } from '../../series/log-book.ts';
import { Button } from '../../ui/button.tsx';
import { formatCount } from '../../ui/format.ts';
import { Select } from '../../ui/select.tsx';
import { TextField } from '../../ui/text-field.tsx';
import styles from './log-view.module.css';
import { useHistory } from './use-history.ts';

const ROW = 18;

/** The log as MMEngine prints it: filtered by level and words, copied as text, following its end until scrolled away. */
export function LogView(): ReactNode {
  const t = useT('train');
  const { history } = useHistory();
  const { lines, dropped } = history.log;
  const [level, setLevel] = useState<LogLevel>('info');
  const [query, setQuery] = useState('');
  const shown = useMemo(() => filterLog(lines, level, query), [lines, level, query]);
  return (
    <section className={styles['log']} aria-label={t('log')}>
      <header className={styles['bar']}>
        <h3 className={styles['title']}>{t('log')}</h3>
        <Select<LogLevel>
          className={styles['level']}
          aria-label={t('logLevel')}
          value={level}
          options={[
            { value: 'info', label: t('level.info') },
            { value: 'warning', label: t('level.warning') },
            { value: 'error', label: t('level.error') },
          ]}
          onChange={setLevel}
        />
        <TextField
          className={styles['search']}
          type="search"
          aria-label={t('searchLog')}
          placeholder={t('searchLog')}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <span className={styles['count']} data-volatile="">
          {shown.length === lines.length
            ? t('lines', { count: lines.length })
            : t('linesOf', { shown: formatCount(shown.length), total: formatCount(lines.length) })}
          {dropped > 0 ? ` ${t('linesDropped', { count: dropped })}` : ''}
        </span>
        <CopyLog lines={shown} />
      </header>
      {lines.length === 0 ? (
        <p className={styles['empty']}>{t('logEmpty')}</p>
      ) : shown.length === 0 ? (
        <p className={styles['empty']}>{t('logNoMatch')}</p>
      ) : (
        <Lines lines={shown} />
      )}
    </section>
  );
}

function CopyLog({ lines }: { readonly lines: readonly LogLine[] }): ReactNode {
  const t = useT('train');
  const [copied, setCopied] = useState<readonly LogLine[] | null>(null);
  const done = copied === lines;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(lines.map(({ text }) => text).join('\n'));
    setCopied(lines);
  };
  return (
    <Button variant="quiet" disabled={lines.length === 0} onClick={() => void copy()}>
      {done ? <Check size={13} aria-hidden="true" /> : <Copy size={13} aria-hidden="true" />}
      {done ? t('logCopied') : t('copyLog')}
    </Button>
  );
}

function Lines({ lines }: { readonly lines: readonly LogLine[] }): ReactNode {
  const t = useT('train');
  const scroller = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  // oxlint-disable-next-line react/incompatible-library -- the rule is about React Compiler, which is not in use here
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    getItemKey: (position) => lines[position]?.id ?? position,
  });
  useEffect(() => {
    const element = scroller.current;
    if (following && element !== null) element.scrollTop = element.scrollHeight;
  }, [lines, following]);
  return (
    <div
      ref={scroller}
      className={styles['lines']}
      // A scrolling region has to be reachable by keyboard.
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={t('log')}
      data-volatile=""
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
        setFollowing(scrollTop + clientHeight >= scrollHeight - ROW)
      }
    >
      <div className={styles['all']} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, key, start }) => {
          const line = lines[index];
          if (line === undefined) return null;
          return (
            <div
              key={key}
              className={styles['line']}
              data-level={line.level}
              style={{ transform: `translateY(${start}px)` }}
            >
              {line.text}
            </div>
          );
        })}
      </div>
    </div>
  );
}
