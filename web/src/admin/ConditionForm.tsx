import type { Content } from "../api/client";
import { Button } from "../ui/controls";

/** Comparison is one of a field with a value. */
export type Comparison = { fieldName?: string; labelConditionOperator?: string; labelConditionValue?: string; labelConditionValues?: string[] };
/** Group is what the OCI API calls a condition block: comparisons and other groups, and how they are joined. */
export type Group = { conditionBlocksOperator?: string; conditionBlocks?: (Comparison | Group)[] };
export type Operator = { name: string; displayName: string };

const JOINS = [["AND", "all of"], ["OR", "any of"], ["NOT_AND", "not all of"], ["NOT_OR", "none of"]];

const blank: Comparison = { fieldName: "", labelConditionOperator: "EQUAL", labelConditionValue: "" };

/** groupOf is the group of a rule, which may also be written as one comparison. */
export function groupOf(r: Comparison & { conditionBlock?: Group }): Group {
  if (r.conditionBlock) return r.conditionBlock;
  const { fieldName, labelConditionOperator, labelConditionValue, labelConditionValues } = r;
  return { conditionBlocksOperator: "AND", conditionBlocks: [fieldName === undefined ? blank : { fieldName, labelConditionOperator, labelConditionValue, labelConditionValues }] };
}

type Props = { name: string; group: Group; fields: Content["fields"]; operators: Operator[]; onChange: (g: Group) => void };

const isGroup = (c: Comparison | Group): c is Group => "conditionBlocks" in c;

/** ConditionForm changes a group, and those in it. Its inputs complete names from the list field-names. */
export function ConditionForm({ name, group, fields, operators, onChange }: Props) {
  const list = group.conditionBlocks ?? [];
  const join = group.conditionBlocksOperator ?? "AND";
  const put = (conditionBlocks: (Comparison | Group)[]) => onChange({ ...group, conditionBlocks });
  const set = (i: number, patch: Comparison | Group) => put(list.map((c, j) => (j === i ? { ...c, ...patch } : c)));
  const remove = (i: number, what: string) => list.length > 1 && <Button kind="quiet" small icon="close" label={`${name}: remove ${what} ${i + 1}`} onClick={() => put(list.filter((_, j) => j !== i))} />;
  return (
    <div className="condition" role="group" aria-label={name}>
      {(list.length > 1 || join !== "AND") && (
        <select className="select" aria-label={`${name}: how it is joined`} value={join} onChange={(e) => onChange({ ...group, conditionBlocksOperator: e.target.value })}>
          {JOINS.map(([id, text]) => <option key={id} value={id}>{text}</option>)}
        </select>
      )}
      {list.map((c, i) =>
        isGroup(c) ? (
          <div key={i} className="condition-part">
            <ConditionForm name={`${name}, group ${i + 1}`} group={c} fields={fields} operators={operators} onChange={(g) => set(i, g)} />
            {remove(i, "group")}
          </div>
        ) : (
          <div key={i} className="condition-part">
            <input className="input grow" list="field-names" aria-label={`${name}: field ${i + 1}`} placeholder="Field" value={fieldName(fields, c.fieldName ?? "")} onChange={(e) => set(i, { fieldName: e.target.value })} />
            <select className="select" aria-label={`${name}: operator ${i + 1}`} value={c.labelConditionOperator ?? "EQUAL"} onChange={(e) => set(i, { labelConditionOperator: e.target.value })}>
              {operators.map((o) => <option key={o.name} value={o.name}>{o.displayName}</option>)}
            </select>
            <input className="input grow" aria-label={`${name}: value ${i + 1}`} placeholder="Value" value={c.labelConditionValues?.join(",") ?? c.labelConditionValue ?? ""} onChange={(e) => set(i, { labelConditionValue: e.target.value, labelConditionValues: undefined })} />
            {remove(i, "comparison")}
          </div>
        ),
      )}
      <div>
        <Button small kind="quiet" icon="plus" aria-label={`${name}: add a comparison`} onClick={() => put([...list, blank])}>Comparison</Button>
        <Button small kind="quiet" icon="plus" aria-label={`${name}: add a group`} onClick={() => put([...list, { conditionBlocksOperator: "OR", conditionBlocks: [blank] }])}>Group</Button>
      </div>
    </div>
  );
}

/** fieldName is how people call a field that a rule names by its internal name. */
export const fieldName = (fields: Content["fields"], name: string) => fields.find((f) => f.name === name)?.displayName ?? name;
