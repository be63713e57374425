import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { Problem } from '../../../data/dataset.ts';
import { useOptionalT, useT } from '../../i18n/use-t.ts';
import { useServices, useStore } from '../../store/store-context.tsx';
import { useImagesVersion } from '../../store/use-visible-images.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { formatCount } from '../../ui/format.ts';
import styles from './problem-list.module.css';
import { groupProblems, type ProblemGroup, useProblems } from './use-problems.ts';

const ICONS = { error: CircleAlert, warning: TriangleAlert, info: Info } as const;
/** Rows that a group shows before it is asked for all. */
const FIRST_ROWS = 50;

/** What was found in the dataset, by kind: which file, why, and what was done about it. */
export function ProblemList(): ReactNode {
  const t = useT('data');
  const { images } = useServices();
  const problems = useProblems();
  const total = useStore((state) => state.dataset?.numImages ?? 0);
  const groups = useMemo(() => groupProblems(problems), [problems]);
  useEffect(() => {
    // Problems name files of any split.
    if (problems.length > 0) void images.ensureAll(total);
  }, [images, problems, total]);
  if (groups.length === 0) {
    return <EmptyState icon={CircleCheck} title={t('noProblems')} text={t('noProblemsText')} />;
  }
  return (
    <div className={styles['root']}>
      <p className={styles['intro']}>{t('problemsIntro', { count: problems.length })}</p>
      {groups.map((group, position) => (
        <Group key={`${group.severity} ${group.code}`} group={group} open={position === 0} />
      ))}
    </div>
  );
}

function Group(props: { readonly group: ProblemGroup; readonly open: boolean }): ReactNode {
  const { code, severity, problems } = props.group;
  const t = useT('data');
  const optional = useOptionalT('data');
  const [all, setAll] = useState(false);
  const Icon = ICONS[severity];
  const severityWord = {
    error: t('severityError'),
    warning: t('severityWarning'),
    info: t('severityInfo'),
  }[severity];
  const shown = all ? problems : problems.slice(0, FIRST_ROWS);
  return (
    <details className={styles['group']} open={props.open}>
      <summary>
        <Icon size={15} className={styles[severity]} role="img" aria-label={severityWord} />
        <span className={styles['kind']}>
          {optional(`problem.${code}`) ?? code.replaceAll('-', ' ')}
          <code>{code}</code>
        </span>
        <span className={styles['count']}>{formatCount(problems.length)}</span>
      </summary>
      <ul>
        {shown.map((problem, position) => (
          <li key={`${problem.file}:${problem.line ?? 0}:${position}`}>
            <Row problem={problem} />
          </li>
        ))}
      </ul>
      {shown.length < problems.length ? (
        <Button variant="quiet" onClick={() => setAll(true)}>
          {t('showMore', { count: formatCount(problems.length) })}
        </Button>
      ) : null}
    </details>
  );
}

function Row({ problem }: { readonly problem: Problem }): ReactNode {
  const t = useT('data');
  const { images } = useServices();
  useImagesVersion();
  const openImage = useStore((state) => state.openImage);
  const image = problem.file === '' ? undefined : images.findByFile(problem.file);
  const place = (
    <>
      {problem.file}
      {problem.line === undefined ? null : (
        <span className={styles['line']}> · {t('line', { line: problem.line })}</span>
      )}
    </>
  );
  return (
    <>
      {image === undefined ? (
        <p className={styles['file']}>{place}</p>
      ) : (
        <button
          type="button"
          className={styles['link']}
          aria-label={t('openProblem', { file: problem.file })}
          onClick={() => openImage(image.index)}
        >
          {place}
        </button>
      )}
      <p lang="en">{problem.detail}</p>
      <p lang="en" className={styles['repair']}>
        {problem.repair}
      </p>
    </>
  );
}
