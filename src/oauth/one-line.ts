/** What a server says, fit for one line of a message: what draws nothing is a space, what is too long is cut. */
export function oneLine(text: string, longest: number): string {
  const plain = text.replace(/[\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+/gu, ' ').trim();
  const characters = [...plain];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : plain;
}
