/** The mark of Loopline: a line with a loop. */
export function Mark() {
  return (
    <svg aria-hidden width={22} height={22} viewBox="0 0 32 32">
      <rect width={32} height={32} rx={8} fill="var(--color-accent)" />
      <path d="M6 21h20M21 21a5.500 5.500 0 1 0-10 0" fill="none" stroke="#fff" strokeWidth={2.6} strokeLinecap="round" />
      <path d="m8 17.500 3 3.500 3.600-2.800" fill="none" stroke="#fff" strokeWidth={2.2} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
