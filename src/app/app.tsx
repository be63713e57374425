import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactNode } from 'react';
import { Frame } from './frame/frame.tsx';
import { type AppServices, AppServicesProvider } from './store/store-context.tsx';

/** The whole app. */
export function App(props: { readonly services: AppServices }): ReactNode {
  return (
    <AppServicesProvider services={props.services}>
      <Tooltip.Provider delay={500}>
        <Frame />
      </Tooltip.Provider>
    </AppServicesProvider>
  );
}
