import { ConfigError, jsonSchema, schemaNames } from "./index.js";

test.each([...schemaNames])("%s has a JSON Schema that says its type", (name) => {
  const schema = jsonSchema(name);
  expect(schema).toMatchObject({
    title: `servesim ${name}`,
    $schema: expect.stringContaining("json-schema.org") as string,
  });
  expect(["object", "array"]).toContain((schema as { type?: string }).type);
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
});

test("a schema that is not there is rejected with the nearest name", () => {
  expect(() => jsonSchema("profil")).toThrow(ConfigError);
  expect(() => jsonSchema("profil")).toThrow(
    /no schema "profil", did you mean "profile"\? \(known: answer, experiment, /,
  );
});
