export default function named(): number { // planted: import(no-default-export)
  return 1;
}
