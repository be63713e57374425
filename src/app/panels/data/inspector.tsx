import { type ReactNode, useState } from 'react';
import { useT } from '../../i18n/use-t.ts';
import { useStore } from '../../store/store-context.tsx';
import { formatCount } from '../../ui/format.ts';
import { Tabs } from '../../ui/tabs.tsx';
import { DatasetFacts } from './dataset-facts.tsx';
import { ImageFacts } from './image-facts.tsx';
import { ProblemList } from './problem-list.tsx';
import { useProblems } from './use-problems.ts';

type Tab = 'dataset' | 'problems' | 'image';

/** What there is to know about the dataset, its problems, and the selected image. */
export function Inspector(): ReactNode {
  const t = useT('data');
  const imageIndex = useStore((state) => state.imageIndex);
  const viewerOpen = useStore((state) => state.viewerOpen);
  const problems = useProblems();
  const [chosen, setChosen] = useState<Tab>('dataset');
  // Opening an image brings its facts; going back to the grid brings back what was there.
  const [seenViewer, setSeenViewer] = useState(false);
  if (viewerOpen !== seenViewer) {
    setSeenViewer(viewerOpen);
    if (chosen !== 'problems') setChosen(viewerOpen ? 'image' : 'dataset');
  }
  return (
    <Tabs<Tab>
      label={t('inspector')}
      value={chosen}
      onChange={setChosen}
      tabs={[
        { value: 'dataset', label: t('tabDataset'), content: <DatasetFacts /> },
        {
          value: 'problems',
          label:
            problems.length === 0
              ? t('tabProblems')
              : `${t('tabProblems')} ${formatCount(problems.length)}`,
          content: <ProblemList />,
        },
        { value: 'image', label: t('tabImage'), content: <ImageFacts key={imageIndex} /> },
      ]}
    />
  );
}
