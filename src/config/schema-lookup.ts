import { z } from 'zod';
import type { ConfigPath, Plain } from './config-node.ts';
import { configSchema } from './schema/config-schema.ts';

/** The part of JSON Schema that the config's schema uses. */
export interface SchemaNode {
  readonly description?: string | undefined;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>> | undefined;
  readonly items?: SchemaNode | undefined;
  readonly prefixItems?: readonly SchemaNode[] | undefined;
  readonly additionalProperties?: SchemaNode | undefined;
  readonly anyOf?: readonly SchemaNode[] | undefined;
  readonly oneOf?: readonly SchemaNode[] | undefined;
  readonly type?: string | readonly string[] | undefined;
}

const schemaNode: z.ZodType<SchemaNode> = z.lazy(() =>
  z.object({
    description: z.string().optional(),
    const: z.unknown().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    properties: z.record(z.string(), schemaNode).optional(),
    items: schemaNode.optional().catch(undefined),
    prefixItems: z.array(schemaNode).optional(),
    additionalProperties: schemaNode.optional().catch(undefined),
    anyOf: z.array(schemaNode).optional(),
    oneOf: z.array(schemaNode).optional(),
  }),
);

let cached: SchemaNode | undefined;

function rootSchema(): SchemaNode {
  cached ??= schemaNode.parse(
    z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }),
  );
  return cached;
}

/** The schema at a path of a config, choosing among alternatives by the `type` that `plain` has there. */
export function schemaAt(path: ConfigPath, plain: Plain): SchemaNode | undefined {
  let schema: SchemaNode | undefined = rootSchema();
  let value: Plain | undefined = plain;
  for (const step of path) {
    schema = schema && alternative(schema, value);
    if (schema === undefined) return undefined;
    schema =
      typeof step === 'number'
        ? (schema.prefixItems?.[step] ?? schema.items)
        : (own(schema.properties, step) ?? schema.additionalProperties);
    value = plainChild(value, step);
  }
  return schema && alternative(schema, value);
}

/** Keys that a section may have at this path, in schema order; empty where any key is allowed. */
export function keysAt(path: ConfigPath, plain: Plain): string[] {
  return Object.keys(schemaAt(path, plain)?.properties ?? {});
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

function plainChild(value: Plain | undefined, step: string | number): Plain | undefined {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === String(step))?.[1];
}

function alternative(schema: SchemaNode, value: Plain | undefined): SchemaNode | undefined {
  const options = schema.oneOf ?? schema.anyOf;
  if (options === undefined) return schema;
  const flat = options.flatMap((option) => option.oneOf ?? option.anyOf ?? [option]);
  const type = plainChild(value, 'type');
  const byType = flat.find(
    (option) => type !== undefined && option.properties?.['type']?.const === type,
  );
  const wanted = Array.isArray(value)
    ? 'array'
    : typeof value === 'object' && value !== null
      ? 'object'
      : typeof value;
  const chosen = byType ?? flat.find((option) => [option.type].flat().includes(wanted));
  return chosen === undefined || chosen.description !== undefined
    ? chosen
    : { ...chosen, description: schema.description };
}
