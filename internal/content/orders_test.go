package content

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"ledgerline/internal/record"
)

// ordersXML is a made-up content file that uses most of what one can hold. Its
// internal field names are those of another service.
const ordersXML = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<LoganContent xmlns="http://www.oracle.com/DataCenter/LogAnalyticsStd" name="content_demo" content_version="2.94.1.0.0" oms_version="2.94.1.0.0">
  <Field oms_version="2.94.1.0.0"><DisplayName>Order Number</DisplayName><IsSystem>0</IsSystem><DataType>LONG</DataType></Field>
  <Field oms_version="2.94.1.0.0"><DisplayName>Order State</DisplayName><IsSystem>0</IsSystem><DataType>STRING</DataType></Field>
  <Tag><Name>#order_failed</Name><DisplayName>Order Failed</DisplayName><IsSystem>0</IsSystem><ProblemPriority>HIGH</ProblemPriority></Tag>
  <Tag><Name>#order_seen</Name><DisplayName>Order Seen</DisplayName><IsSystem>0</IsSystem><ProblemPriority>NONE</ProblemPriority></Tag>
  <Parser type="0" tokenize_orig_text="1" oms_version="2.94.1.0.0"><Name>orders</Name><DisplayName>orders</DisplayName>
    <ParserContent>{TIMEDATE}\s+(\w+)\s+(.*)</ParserContent><IsSingleLineContent>0</IsSingleLineContent><HeaderContent>{TIMEDATE}\s+</HeaderContent>
    <ExampleContent>2024-05-01 10:00:00 ERROR order 42 failed</ExampleContent><IsSystem>0</IsSystem><Encoding>UTF-8</Encoding><Language>en_US</Language>
    <ParserFields><ParserField><FieldSeq>2</FieldSeq><FieldName>msg</FieldName></ParserField>
      <ParserField><FieldSeq>1</FieldSeq><FieldName>sevlvl</FieldName></ParserField></ParserFields></Parser>
  <Source name="orders" configWarningSettings="0" oms_version="2.94.1.0.0"><SourceType>os_file</SourceType>
    <TargetTypes><TargetType>omc_host_linux</TargetType></TargetTypes><DisplayName>Order Logs</DisplayName><IsSystem>0</IsSystem><IsSecureContent>1</IsSecureContent>
    <Parsers><Parser><ParserSeq>1</ParserSeq><ParserName>orders</ParserName></Parser></Parsers>
    <ExtFieldDefinitions>
      <Condition field="sevlvl" operator="EQUAL"><ConditionValues><ConditionValue>ERROR</ConditionValue></ConditionValues></Condition>
      <ExtFieldDefinition><BaseFieldName>msg</BaseFieldName><RegexExpression>order {udfl7:\d{1,9}} (?:now )?{udfs9:[^{}\s]+}</RegexExpression>
      <ExtFieldName>udfl7</ExtFieldName><ExtFieldName>udfs9</ExtFieldName><IsSystem>0</IsSystem><IsEnabled>1</IsEnabled></ExtFieldDefinition></ExtFieldDefinitions>
    <TagConditions>
      <TagCondition field="udfs9" operator="EQUAL" alertRuleVisible="1"><ConditionValues><ConditionValue>failed</ConditionValue></ConditionValues>
      <ConditionTags tagField="mtag"><ConditionTag>#order_failed</ConditionTag></ConditionTags><IsSystem>0</IsSystem><IsEnabled>1</IsEnabled></TagCondition>
      <TagCondition alertRuleVisible="0"><ConditionTags tagField="mseccategory"><ConditionTag>order</ConditionTag></ConditionTags><IsSystem>0</IsSystem><IsEnabled>1</IsEnabled>
        <ConditionBlock><ConditionBlocksOperator>OR</ConditionBlocksOperator><ConditionBlocks>
          <ConditionBlock><FieldName>msg</FieldName><Operator>STARTS_WITH</Operator><ConditionValues><ConditionValue>order</ConditionValue></ConditionValues></ConditionBlock>
          <ConditionBlock><FieldName>udfl7</FieldName><Operator>NOT_NULL</Operator></ConditionBlock></ConditionBlocks></ConditionBlock></TagCondition>
    </TagConditions>
    <TagConditions>
      <BlockCondition field="mseccategory" operator="EQUAL"><ConditionValues><ConditionValue>order</ConditionValue></ConditionValues></BlockCondition>
      <TagCondition field="sevlvl" operator="NOT_IN" alertRuleVisible="0"><ConditionValues><ConditionValue>DEBUG</ConditionValue><ConditionValue>TRACE</ConditionValue></ConditionValues>
      <ConditionTags tagField="mtag"><ConditionTag>#order_seen</ConditionTag></ConditionTags><IsSystem>0</IsSystem><IsEnabled>1</IsEnabled></TagCondition>
    </TagConditions>
    <AutoAssociation><IsEnabled>0</IsEnabled></AutoAssociation>
    <SourceFunctions><SourceFunction name="Lookup" order="1" lookupTable="order_owners" lookupMode="1" overrideOutputFields="0">
      <InputField lkCol="number" order="1" service="FIELD">udfl7</InputField><OutputField lkCol="owner" order="1">udfs9</OutputField><IsSystem>0</IsSystem><IsEnabled>1</IsEnabled>
    </SourceFunction></SourceFunctions>
    <IsHidden>0</IsHidden><IsSMAEnabled>0</IsSMAEnabled></Source>
  <FieldNameMaps><FieldNameMap><Name>udfl7</Name><DisplayName>Order Number</DisplayName></FieldNameMap>
    <FieldNameMap><Name>udfs9</Name><DisplayName>Order State</DisplayName></FieldNameMap></FieldNameMaps>
</LoganContent>`

func openOrders(t testing.TB) *Library {
	t.Helper()
	l := openLibrary(t)
	r, err := l.Import(context.Background(), []byte(ordersXML), ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Sources.Created, []string{"orders"}) || !slices.Equal(r.Parsers.Created, []string{"orders"}) ||
		!slices.Equal(r.Labels.Created, []string{"#order_failed", "#order_seen"}) || !slices.Equal(r.Fields.Created, []string{"Order Number", "Order State"}) {
		t.Fatalf("report %+v", r)
	}
	if len(r.Warnings) != 1 || r.Warnings[0].Code != "FunctionNotRun" || !strings.Contains(r.Warnings[0].Message, "order_owners") {
		t.Fatalf("warnings %v, want one about the lookup", r.Warnings)
	}
	return l
}

func TestOrders(t *testing.T) {
	l := openOrders(t)
	const body = "2024-05-01 10:00:00 ERROR order 42 now failed\n  at line 1\n\n  at line 2\n" +
		"2024-05-01 10:00:01,250 INFO order 43 failed\n2024-05-01T12:00:02+02:00 DEBUG idle\n"
	entries, warnings := parse(t, l, upload("order logs"), body)
	if len(entries) != 3 || len(warnings) != 0 {
		t.Fatalf("%d entries, warnings %v", len(entries), warnings)
	}
	ten := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC).UnixMilli()
	first, second, third := entries[0], entries[1], entries[2]
	if first.Time != ten || second.Time != ten+1250 || third.Time != ten+2000 {
		t.Errorf("times %d %d %d", first.Time-ten, second.Time-ten, third.Time-ten)
	}
	if want := "2024-05-01 10:00:00 ERROR order 42 now failed\n  at line 1\n\n  at line 2"; first.Text != want {
		t.Errorf("text %q", first.Text)
	}
	wantCell(t, first, "msg", record.Text("order 42 now failed\n  at line 1\n\n  at line 2"))
	wantCell(t, first, "udfl7", record.Whole(42))
	wantCell(t, first, "udfs9", record.Text("failed"))
	wantCell(t, first, "mseccategory", record.Text("order"))
	wantCell(t, first, "mtagpriority", record.Text("High"))
	if !slices.Equal(first.Labels, []string{"Order Failed", "Order Seen"}) {
		t.Errorf("labels %v", first.Labels)
	}
	// Not an error: the extended fields' condition does not hold.
	wantNoCell(t, second, "udfl7")
	wantNoCell(t, second, "mtagpriority")
	if !slices.Equal(second.Labels, []string{"Order Seen"}) {
		t.Errorf("labels %v", second.Labels)
	}
	if len(third.Labels) != 0 {
		t.Errorf("labels %v", third.Labels)
	}
	wantNoCell(t, third, "mseccategory")
}

// The names of another service's fields may mean other fields here.
func TestFieldsAreRenamed(t *testing.T) {
	l := openLibrary(t)
	const other = `<LoganContent name="x"><Field><DisplayName>Taken</DisplayName><DataType>LONG</DataType></Field><Field><DisplayName>Also Taken</DisplayName><DataType>STRING</DataType></Field>
	<FieldNameMaps><FieldNameMap><Name>udfl7</Name><DisplayName>Taken</DisplayName></FieldNameMap><FieldNameMap><Name>udfs9</Name><DisplayName>Also Taken</DisplayName></FieldNameMap></FieldNameMaps></LoganContent>`
	for _, text := range []string{other, ordersXML} {
		if _, err := l.Import(context.Background(), []byte(text), ImportOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	number, _ := l.Field("order number")
	state, _ := l.Field("ORDER STATE")
	if number.Name != "udfl8" || state.Name != "udfs10" {
		t.Fatalf("columns %s and %s, want the next free ones", number.Name, state.Name)
	}
	entries, _ := parse(t, l, upload("orders"), "2024-05-01 10:00:00 ERROR order 42 failed")
	wantCell(t, entries[0], "udfl8", record.Whole(42))
	wantCell(t, entries[0], "udfs10", record.Text("failed"))
	wantNoCell(t, entries[0], "udfl7")
	if !slices.Equal(entries[0].Labels, []string{"Order Failed", "Order Seen"}) {
		t.Errorf("labels %v: conditions must be renamed as well", entries[0].Labels)
	}
}

func TestOrdersRoundTrip(t *testing.T) {
	l := openOrders(t)
	ctx := context.Background()
	z, err := l.Export(ctx, Names{Sources: []string{"Order Logs"}})
	if err != nil {
		t.Fatal(err)
	}
	fresh := openLibrary(t)
	if _, err := fresh.Import(ctx, z, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	want, got := contentOf(t, l), contentOf(t, fresh)
	for k := range want {
		if got[k] != want[k] {
			t.Errorf("%s\n got %s\nwant %s", k, got[k], want[k])
		}
	}
}

func TestExportOfUnknownNames(t *testing.T) {
	l := openLibrary(t)
	for _, n := range []Names{{Sources: []string{"x"}}, {Parsers: []string{"x"}}, {Fields: []string{"x"}}} {
		var missing *NotFoundError
		if _, err := l.Export(context.Background(), n); !asNotFound(err, &missing) || missing.Name != "x" {
			t.Errorf("%+v: %v", n, err)
		}
	}
}
