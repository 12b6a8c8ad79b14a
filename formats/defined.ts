/** Optional fields: `{ a, ...defined({ b, c: d.e }) }` has only the fields that have a value. */

/** What may be undefined becomes optional. */
type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The fields whose value is not undefined, in their order. */
export function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/**
 * A copy of an object with fields changed or added: `{ ...object, ...fields }` for the many. V8 gives every copy that is
 * spread first and then added to a hidden class of its own: 250 bytes each, and slow to read wherever there are many.
 */
export function withFields<T extends object, Fields extends object>(object: T, fields: Fields): T & Fields {
  return Object.assign({}, object, fields);
}
