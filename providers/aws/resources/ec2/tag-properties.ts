/** The properties of a resource that has tags. */
export const tagProperties = { tags: { kind: 'map' }, tagsAll: { kind: 'map', output: true } } as const;
