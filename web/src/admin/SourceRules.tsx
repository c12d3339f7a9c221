import { useQuery } from "@tanstack/react-query";
import { call, type Content } from "../api/client";
import { Button } from "../ui/controls";
import { ConditionForm, fieldName, groupOf, type Comparison, type Group, type Operator } from "./ConditionForm";
import { useNamespace } from "./oci";

export type LabelRule = Comparison & { labelName?: string; storageField?: string; isEnabled?: boolean; isVisible?: boolean; conditionBlock?: Group };
export type ExtendedField = { baseFieldName: string; baseFieldLogText: string; regularExpression: string; isEnabled?: boolean };

const EQUAL: Operator[] = [{ name: "EQUAL", displayName: "Equal" }];

/** LabelRules are the conditions under which records of a log source get a label. */
export function LabelRules({ rules, content, onChange }: { rules: LabelRule[]; content: Content; onChange: (r: LabelRule[]) => void }) {
  const { at } = useNamespace();
  const operators = useQuery({ queryKey: ["label operators"], enabled: at !== "", staleTime: Infinity, queryFn: () => call<{ items: Operator[] }>(at + "/sourceLabelOperators?limit=1000").then((r) => r.items) });
  const set = (i: number, patch: Partial<LabelRule>) => onChange(rules.map((r, j) => (j === i ? { ...r, ...patch } : r)));
  return (
    <div className="field">
      <span>Labels</span>
      <FieldNames fields={content.fields} />
      {rules.map((r, i) => (
        <div key={i} className="row rule">
          <ConditionForm name={`Condition ${i + 1}`} group={groupOf(r)} fields={content.fields} operators={operators.data ?? EQUAL} onChange={(conditionBlock) => set(i, { conditionBlock, fieldName: undefined, labelConditionOperator: undefined, labelConditionValue: undefined, labelConditionValues: undefined })} />
          <span aria-hidden="true">→</span>
          <select className="select" aria-label={`Label of rule ${i + 1}`} value={r.labelName ?? ""} onChange={(e) => set(i, { labelName: e.target.value })}>
            <option value="">choose a label…</option>
            {content.labels.map((l) => <option key={l.name} value={l.name}>{l.displayName ?? l.name}</option>)}
          </select>
          <Button kind="quiet" small icon="trash" label={`Remove rule ${i + 1}`} onClick={() => onChange(rules.filter((_, j) => j !== i))} />
        </div>
      ))}
      <div><Button small icon="plus" onClick={() => onChange([...rules, { conditionBlock: groupOf({}), labelName: "", storageField: "mtag", isEnabled: true, isVisible: true }])}>Add a label</Button></div>
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
          <input className="input" list="field-names" aria-label={`Base field ${i + 1}`} placeholder="Field" value={fieldName(content.fields, r.baseFieldName)} onChange={(e) => set(i, { baseFieldName: e.target.value })} />
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
