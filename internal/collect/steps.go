package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/valyala/fastjson"

	"ledgerline/internal/connect"
	"ledgerline/internal/record"
)

// TypeActivity is the type of the events in which OCI Logging delivers the steps
// of integrations.
const TypeActivity = "com.oraclecloud.integration.integrationinstance.activitystream"

// stepEvent is a step in the form of the event that OCI Logging delivers, so that
// one log source parses both. The step itself follows under "step".
type stepEvent struct {
	SpecVersion string   `json:"specversion"`
	Type        string   `json:"type"`
	Source      string   `json:"source"`
	ID          string   `json:"id"`
	Time        string   `json:"time,omitempty"`
	Data        stepData `json:"data"`
}

type stepData struct {
	ActionName    string `json:"actionName,omitempty"`
	ActionType    string `json:"actionType,omitempty"`
	OperationName string `json:"operationName,omitempty"`
	EndpointName  string `json:"endpointName,omitempty"`
	Millis        string `json:"executionTimeInMillis,omitempty"`
	InstanceID    string `json:"instanceId"`
	Identifier    string `json:"integrationFlowIdentifier,omitempty"`
	Message       string `json:"message,omitempty"`
	Status        string `json:"status,omitempty"`
	ProjectID     string `json:"projectId,omitempty"`
	UserID        string `json:"userId,omitempty"`
}

// steps reads the steps of an instance. One that is no longer kept, or whose answer
// cannot be read however often it is asked for, is noted and keeps no other waiting.
func (r *instanceReading) steps(ctx context.Context, id string, instance *fastjson.Value) ([]record.Counted, error) {
	data := stepData{InstanceID: id, Identifier: identifierOf(instance), ProjectID: member(instance, "projectCode"),
		UserID: cmp.Or(member(instance, "invoked-by"), member(instance, "invokedBy"))}
	if id == "" {
		r.refuse("an instance has no id")
		return nil, nil
	}
	list, err := r.client.Activity(ctx, id)
	if kind := connect.KindOf(err); kind == connect.NotFound || kind == connect.Refused || kind == connect.BadPayload {
		r.refuse(fmt.Sprintf("instance %.100s: %v", id, err))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var parser fastjson.Parser
	seen := map[string]int{}
	items := make([]record.Counted, 0, len(list))
	for _, raw := range list {
		v, err := parser.ParseBytes(raw)
		if err != nil || v.Type() != fastjson.TypeObject {
			r.refuse(fmt.Sprintf("instance %.100s: a step is no JSON object", id))
			continue
		}
		// Loops repeat steps to the letter: the second of them is another.
		seen[string(raw)]++
		identity := record.Identify("step", r.opts.Instance, id, string(raw), strconv.Itoa(seen[string(raw)]))
		at := stepTime(v)
		text, err := stepRecord(r.opts.Instance, identity, at, data, v, raw)
		if err != nil {
			return nil, err
		}
		items = append(items, record.Counted{Item: record.Item{ID: identity, Time: at, Raw: text}, Count: 1})
	}
	return items, nil
}

// identifierOf names an integration and its version as the events of OCI Logging do.
func identifierOf(instance *fastjson.Value) string {
	code := cmp.Or(member(instance, "integration"), member(instance, "integration-id"), member(instance, "integrationId"))
	if version := cmp.Or(member(instance, "integration-version"), member(instance, "integrationVersion")); code != "" && version != "" {
		return code + "!" + version
	}
	return code
}

func stepTime(v *fastjson.Value) time.Time {
	for _, key := range []string{"executedTime", "time", "date", "timestamp"} {
		if at := parseTime(member(v, key)); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

func stepRecord(source string, id record.Identity, at time.Time, data stepData, v *fastjson.Value, raw []byte) ([]byte, error) {
	data.ActionName = cmp.Or(member(v, "actionName"), member(v, "milestone"))
	data.ActionType = member(v, "actionType")
	data.OperationName = member(v, "operationName")
	data.EndpointName = cmp.Or(member(v, "endpointName"), member(v, "endPointName"))
	data.Millis = member(v, "executionTimeInMillis")
	data.Message = member(v, "message")
	data.Status = member(v, "status")
	e := stepEvent{SpecVersion: "1.0", Type: TypeActivity, Source: source, ID: id.String(), Data: data}
	if !at.IsZero() {
		e.Time = at.Format(time.RFC3339Nano)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	// Encoding the step with the rest would change its bytes.
	text = append(bytes.TrimSuffix(text, []byte("}")), `,"step":`...)
	return append(append(text, raw...), '}'), nil
}

func (r *instanceReading) refuse(note string) {
	r.out.Refused++
	if len(r.out.Notes) < maxProblems {
		r.out.Notes = append(r.out.Notes, note)
	}
	r.opts.Logger.Warn("part of an activity stream was refused", "integration", r.opts.Integration, "reason", note)
}
