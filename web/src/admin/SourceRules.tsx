import { useQuery } from "@tanstack/react-query";
import { call, type Content } from "../api/client";
import { Button } from "../ui/controls";
import { useNamespace } from "./oci";

type Block = { conditionBlocksOperator?: string; fieldName?: string; labelConditionOperator?: string; labelConditionValue?: string; labelConditionValues?: string[]; conditionBlocks?: Block[] };
export type LabelRule = Block & { labelName?: string; storageField?: string; isEnabled?: boolean; isVisible?: boolean; conditionBlock?: Block };
export type ExtendedField = { baseFieldName: string; baseFieldLogText: string; regularExpression: string; isEnabled?: boolean };

/** flat writes a block that holds one comparison as that comparison, which a form can edit. */
export function flat(r: LabelRule): LabelRule {
  const only = r.conditionBlock?.conditionBlocks?.length === 1 && !r.conditionBlock.conditionBlocksOperator?.startsWith("NOT_") ? r.conditionBlock.conditionBlocks[0] : undefined;
  if (!only || only.conditionBlocks?.length) return r;
  return { ...r, ...only, conditionBlock: undefined };
}

type Names = Pick<Content, "fields" | "labels">;

/** fieldName is how people call a field that a rule names by its internal name. */
const fieldName = (c: Names, name: string) => c.fields.find((f) => f.name === name)?.displayName ?? name;

/** conditionText writes a condition as a sentence, nested ones in brackets. */
export function conditionText(c: Names, b: Block): string {
  if (b.conditionBlocks?.length) {
    const operator = (b.conditionBlocksOperator ?? "AND").replace("NOT_", "");
    const inner = b.conditionBlocks.map((x) => (x.conditionBlocks?.length ? `(${conditionText(c, x)})` : conditionText(c, x))).join(` ${operator.toLowerCase()} `);
    return b.conditionBlocksOperator?.startsWith("NOT_") ? `not (${inner})` : inner;
  }
  const values = b.labelConditionValues?.length ? b.labelConditionValues : b.labelConditionValue ? [b.labelConditionValue] : [];
  return [fieldName(c, b.fieldName ?? ""), (b.labelConditionOperator ?? "EQUAL").toLowerCase().replaceAll("_", " "), values.join(", ")].filter((s) => s !== "").join(" ");
}

/** LabelRules are the conditions under which records of a log source get a label. */
export function LabelRules({ rules, content, onChange }: { rules: LabelRule[]; content: Content; onChange: (r: LabelRule[]) => void }) {
  const { at } = useNamespace();
  const operators = useQuery({ queryKey: ["label operators"], enabled: at !== "", staleTime: Infinity, queryFn: () => call<{ items: { name: string; displayName: string }[] }>(at + "/sourceLabelOperators?limit=1000").then((r) => r.items) });
  const set = (i: number, patch: Partial<LabelRule>) => onChange(rules.map((r, j) => (j === i ? { ...r, ...patch } : r)));
  return (
    <div className="field">
      <span>Labels</span>
      <FieldNames fields={content.fields} />
      {rules.map((r, i) => (
        <div key={i} className="row rule">
          {r.conditionBlock ? (
            <span className="grow wrap">{conditionText(content, r.conditionBlock)}</span>
          ) : (
            <>
              <input className="input grow" list="field-names" aria-label={`Field of rule ${i + 1}`} placeholder="Field" value={fieldName(content, r.fieldName ?? "")} onChange={(e) => set(i, { fieldName: e.target.value })} />
              <select className="select" aria-label={`Operator of rule ${i + 1}`} value={r.labelConditionOperator ?? "EQUAL"} onChange={(e) => set(i, { labelConditionOperator: e.target.value })}>
                {(operators.data ?? [{ name: "EQUAL", displayName: "Equal" }]).map((o) => <option key={o.name} value={o.name}>{o.displayName}</option>)}
              </select>
              <input className="input grow" aria-label={`Value of rule ${i + 1}`} placeholder="Value" value={r.labelConditionValues?.join(",") ?? r.labelConditionValue ?? ""} onChange={(e) => set(i, { labelConditionValue: e.target.value, labelConditionValues: undefined })} />
            </>
          )}
          <span aria-hidden="true">→</span>
          <select className="select" aria-label={`Label of rule ${i + 1}`} value={r.labelName ?? ""} onChange={(e) => set(i, { labelName: e.target.value })}>
            <option value="">choose a label…</option>
            {content.labels.map((l) => <option key={l.name} value={l.name}>{l.displayName ?? l.name}</option>)}
          </select>
          <Button kind="quiet" small icon="trash" label={`Remove rule ${i + 1}`} onClick={() => onChange(rules.filter((_, j) => j !== i))} />
        </div>
      ))}
      <div><Button small icon="plus" onClick={() => onChange([...rules, { fieldName: "", labelConditionOperator: "EQUAL", labelConditionValue: "", labelName: "", storageField: "mtag", isEnabled: true, isVisible: true }])}>Add a label</Button></div>
    </div>
  );
}

/** ExtendedFields are fields that are cut out of other fields by an expression. */
export function ExtendedFields({ list, content, onChange }: { list: ExtendedField[]; content: Content; onChange: (l: ExtendedField[]) => void }) {
  const set = (i: number, patch: Partial<ExtendedField>) => onChange(list.map((r, j) => (j === i ? { ...r, ...patch } : r)));
  return (
    <div className="field">
      <span>Extended fields</span>
      {list.map((r, i) => (
        <div key={i} className="row rule">
          <input className="input" list="field-names" aria-label={`Base field ${i + 1}`} placeholder="Field" value={fieldName(content, r.baseFieldName)} onChange={(e) => set(i, { baseFieldName: e.target.value })} />
          <input className="input mono grow" aria-label={`Example ${i + 1}`} placeholder="Example of its text" value={r.baseFieldLogText} onChange={(e) => set(i, { baseFieldLogText: e.target.value })} />
          <input className="input mono grow" aria-label={`Expression ${i + 1}`} placeholder="user {User Name:\S+} did" value={r.regularExpression} onChange={(e) => set(i, { regularExpression: e.target.value })} />
          <label className="row"><input type="checkbox" checked={r.isEnabled ?? true} onChange={(e) => set(i, { isEnabled: e.target.checked })} /> on</label>
          <Button kind="quiet" small icon="trash" label={`Remove extended field ${i + 1}`} onClick={() => onChange(list.filter((_, j) => j !== i))} />
        </div>
      ))}
      <div><Button small icon="plus" onClick={() => onChange([...list, { baseFieldName: "Message", baseFieldLogText: "", regularExpression: "", isEnabled: true }])}>Add an extended field</Button></div>
    </div>
  );
}

function FieldNames({ fields }: { fields: Content["fields"] }) {
  return <datalist id="field-names">{fields.map((f) => <option key={f.name} value={f.displayName ?? f.name} />)}</datalist>;
}
