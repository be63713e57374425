export interface Shape {
  readonly width: number;
}
