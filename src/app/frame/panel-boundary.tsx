import { Component, type ReactNode } from 'react';
import { type ErrorDetails, errorDetails } from '../../base/errors.ts';
import { useT } from '../i18n/use-t.ts';
import { Button } from '../ui/button.tsx';
import { ErrorState } from '../ui/error-state.tsx';

interface State {
  readonly error: ErrorDetails | null;
}

/** Keeps a fault in one panel from taking the app along: the run goes on, and the panel can be tried again. */
export class PanelBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: errorDetails(error) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return <PanelFailed error={error} onRetry={() => this.setState({ error: null })} />;
  }
}

function PanelFailed(props: {
  readonly error: ErrorDetails;
  readonly onRetry: () => void;
}): ReactNode {
  const t = useT('frame');
  const ui = useT('ui');
  const error = { ...props.error, what: t('panelFailed'), why: props.error.what };
  return (
    <ErrorState
      layout="page"
      error={error}
      action={<Button onClick={props.onRetry}>{ui('tryAgain')}</Button>}
    />
  );
}
