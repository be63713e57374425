import { type ReactNode, useRef } from 'react';
import { Button, type ButtonProps } from './button.tsx';

export interface FileButtonProps extends Omit<ButtonProps, 'onChange' | 'onClick'> {
  /** As in `<input accept>`. */
  readonly accept: string;
  readonly onFile: (file: File) => void;
}

/** A button that opens the file dialog for one file. */
export function FileButton({ accept, onFile, ...button }: FileButtonProps): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button {...button} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        onChange={(event) => {
          const [file] = Array.from(event.target.files ?? []);
          // The same file may be chosen again after it was changed.
          event.target.value = '';
          if (file !== undefined) onFile(file);
        }}
      />
    </>
  );
}
