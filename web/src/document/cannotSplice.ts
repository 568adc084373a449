/** An edit that the text does not allow, with a sentence for the user. */
export class CannotSplice extends Error {}
