import { CircleAlert, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ConfigProblem } from '../../../worker/protocol.ts';
import { useErrorWords } from '../../i18n/error-words.ts';
import { useT } from '../../i18n/use-t.ts';
import styles from './problem-rows.module.css';

/** What is wrong with the config, errors first; a row that has a line in the text leads there. */
export function ProblemRows(props: {
  readonly problems: readonly ConfigProblem[];
  readonly onGoTo: (line: number, column: number) => void;
}): ReactNode {
  const t = useT('config');
  if (props.problems.length === 0) return null;
  return (
    <ul className={styles['rows']} aria-label={t('problems')}>
      {props.problems.map((problem, i) => (
        <li key={`${i}${problem.code}`}>
          <Row problem={problem} onGoTo={props.onGoTo} />
        </li>
      ))}
    </ul>
  );
}

function Row(props: {
  readonly problem: ConfigProblem;
  readonly onGoTo: (line: number, column: number) => void;
}): ReactNode {
  const t = useT('config');
  const { problem, onGoTo } = props;
  const words = useErrorWords()(problem);
  const isError = problem.severity === 'error';
  const { line, column = 1, file = '' } = problem.place ?? {};
  const Icon = isError ? CircleAlert : TriangleAlert;
  const content = (
    <>
      <Icon size={14} aria-label={t(isError ? 'error' : 'warning')} />
      <span className={styles['words']}>
        <span className={styles['what']}>{words.what}</span> {words.why} {words.action}
        {words.where === '' ? null : <span className={styles['where']}>{words.where}</span>}
      </span>
    </>
  );
  const severity = isError ? styles['error'] : styles['warning'];
  if (line === undefined || file.startsWith('_base_/')) {
    return <div className={`${styles['row']} ${severity}`}>{content}</div>;
  }
  return (
    <button
      type="button"
      className={`${styles['row']} ${severity}`}
      onClick={() => onGoTo(line, column)}
    >
      {content}
    </button>
  );
}
