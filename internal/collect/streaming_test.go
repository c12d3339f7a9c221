package collect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"ledgerline/internal/connect"
)

// broker is franz-go's own, in this process, with authentication as OCI Streaming has it.
type broker struct {
	t       testing.TB
	cluster *kfake.Cluster
	writer  *kgo.Client
	config  connect.StreamingConfig
}

const (
	topic      = "logs"
	partitions = 3
)

func newBroker(t testing.TB) *broker {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "tenancy/user/pool", "auth-token"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	b := &broker{t: t, cluster: c, config: connect.StreamingConfig{Bootstrap: c.ListenAddrs()[0], Stream: topic, Group: "ledgerline",
		Username: "tenancy/user/pool", Token: "auth-token", Plain: true}}
	b.writer = b.client()
	t.Cleanup(b.writer.Close)
	return b
}

// As OCI Streaming is reached: TLS first, then user and auth token. Nothing is sent
// to a broker that nobody vouches for.
func TestAStreamIsReadOverTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate, of 127.0.0.1
	t.Cleanup(web.Close)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "tenancy/user/pool", "auth-token"), kfake.TLS(&tls.Config{Certificates: web.TLS.Certificates}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	b := &broker{t: t, cluster: c, config: connect.StreamingConfig{Bootstrap: c.ListenAddrs()[0], Stream: topic, Group: "ledgerline",
		Username: "tenancy/user/pool", Token: "auth-token", Roots: roots}}
	b.writer = b.client(kgo.DialTLSConfig(&tls.Config{RootCAs: roots}))
	t.Cleanup(b.writer.Close)
	b.write(0, event1(1))
	b.write(2, event1(2))
	l := newLedger()
	if out := b.collect(l); out.Staged != 2 || l.rows[event1(1)] != 1 || l.rows[event1(2)] != 1 {
		t.Errorf("%+v", out)
	}
	for name, c := range map[string]struct {
		change func(*connect.StreamingConfig)
		want   string
	}{
		"token":     {func(c *connect.StreamingConfig) { c.Token = "wrong" }, "auth_token an auth token of that user"},
		"untrusted": {func(c *connect.StreamingConfig) { c.Roots = nil }, "inspecting proxy"},
	} {
		config := b.config
		c.change(&config)
		_, err := NewStreaming(connect.NewStreaming(config, connect.Options{}), newLedger(), StreamingOptions{Integration: "stream"}).Collect(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// client of the broker that reads and writes as it is told.
func (b *broker) client(opts ...kgo.Opt) *kgo.Client {
	b.t.Helper()
	c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(b.config.Bootstrap), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.SASL(plain.Auth{User: b.config.Username, Pass: b.config.Token}.AsMechanism()))...)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *broker) write(partition int, values ...string) {
	b.t.Helper()
	for _, v := range values {
		if err := b.writer.ProduceSync(b.t.Context(), &kgo.Record{Topic: topic, Partition: int32(partition), Value: []byte(v)}).FirstErr(); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *broker) reader(l *fakeLedger, change ...func(*StreamingOptions)) *Streaming {
	o := StreamingOptions{Integration: "stream", Stream: topic, Routes: Routes{Own: "stream", Taken: true}, Wait: 10 * time.Second}
	for _, c := range change {
		c(&o)
	}
	return NewStreaming(connect.NewStreaming(b.config, connect.Options{}), l, o)
}

func (b *broker) collect(l *fakeLedger) Outcome {
	b.t.Helper()
	out, err := b.reader(l).Collect(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// Messages of one record and of many, delivered twice, and a process that dies
// before and after each write: each record is staged once.
func TestAStreamGivesEachRecordOnce(t *testing.T) {
	b, l := newBroker(t), newLedger()
	rng := rand.New(rand.NewPCG(1, 5))
	crash := errors.New("crash")
	want := map[string]int{}
	id := 0
	record := func() string {
		id++
		r := event1(id)
		if rng.IntN(4) == 0 {
			r = `{"without":"an id"}` // as often as it was written
		}
		return r
	}
	for round := range 25 {
		for range rng.IntN(20) {
			var batch []string
			for range 1 + rng.IntN(3) {
				batch = append(batch, record())
			}
			value := strings.Join(batch, "\n")
			if rng.IntN(3) == 0 {
				value = "[" + strings.Join(batch, ",") + "]"
			}
			times := 1 + rng.IntN(2) // at least once, says Connector Hub
			for _, r := range batch {
				if strings.Contains(r, "specversion") {
					want[r] = 1
				} else {
					want[r] += times
				}
			}
			for range times {
				b.write(rng.IntN(partitions), value)
			}
		}
		n, at := 0, 1+rng.IntN(5)
		l.fail = func(string) error {
			if n++; n == at {
				return crash
			}
			return nil
		}
		if _, err := b.reader(l).Collect(t.Context()); err != nil && !errors.Is(err, crash) {
			t.Fatalf("round %d: %v", round, err)
		}
		l.fail = nil
	}
	b.collect(l)
	compare(t, l.rows, want)
	if out := b.collect(l); out.Received != 0 || len(out.Gaps) != 0 {
		t.Errorf("what was read is read again: %+v", out)
	}
}

// A group that lost its offsets, as after a week of silence, has nothing read again: the ledger knows better.
func TestTheLedgerKnowsHowFarAStreamWasRead(t *testing.T) {
	b, l := newBroker(t), newLedger()
	b.write(0, event1(1), `{"no":"id"}`)
	if out := b.collect(l); out.Staged != 2 {
		t.Fatalf("%+v", out)
	}
	b.config.Group = "another"
	b.write(0, event1(2))
	if out := b.collect(l); out.Received != 1 || out.Staged != 1 {
		t.Errorf("%+v", out)
	}
}

func TestWhatLeftTheStreamIsAGap(t *testing.T) {
	b, l := newBroker(t), newLedger()
	b.write(1, event1(1), event1(2))
	b.collect(l)
	b.write(1, event1(3), event1(4), event1(5))
	if err := b.cluster.DeleteRecords(topic, 1, 4); err != nil {
		t.Fatal(err)
	}
	out := b.collect(l)
	if len(out.Gaps) != 1 || !strings.Contains(out.Gaps[0].Note, "partition 1: the messages from 2 to 3 had left") || len(l.gaps) != 1 || l.gaps[0].Window.Empty() {
		t.Fatalf("gaps %+v, in the ledger %+v", out.Gaps, l.gaps)
	}
	if l.rows[event1(5)] != 1 || out.Staged != 1 {
		t.Errorf("what is still there is not read: %+v", out)
	}
	if len(l.openGaps()) != 1 {
		t.Errorf("the run covered its own gap: %+v of %+v", l.covered, l.gaps)
	}
	if out := b.collect(l); len(out.Gaps) != 0 || out.Received != 0 {
		t.Errorf("the gap is told again: %+v", out)
	}
	// Nothing is left of another partition.
	b.write(2, event1(6))
	if err := b.cluster.DeleteRecords(topic, 2, 1); err != nil {
		t.Fatal(err)
	}
	if out := b.collect(l); len(out.Gaps) != 1 || !strings.Contains(out.Gaps[0].Note, "partition 2") {
		t.Errorf("%+v", out)
	}
}

func TestAStreamThatWasMadeAnew(t *testing.T) {
	b, l := newBroker(t), newLedger()
	b.write(0, event1(1), event1(2), `{"no":"id"}`)
	b.collect(l)
	if err := errors.Join(b.cluster.DeleteTopic(topic), b.cluster.CreateTopic(topic, partitions, nil)); err != nil {
		t.Fatal(err)
	}
	b.writer.Close()
	b.writer = b.client()
	b.write(0, event1(7))
	out := b.collect(l)
	if out.Staged != 1 || l.rows[event1(7)] != 1 || len(out.Gaps) != 1 || !strings.Contains(out.Gaps[0].Note, "made anew") {
		t.Errorf("%+v", out)
	}
}

// Two collectors of one group share the partitions, and give them to each other when they come and go.
func TestMembersOfAGroupShareAStream(t *testing.T) {
	b := newBroker(t)
	want := map[string]bool{}
	ledgers := []*fakeLedger{newLedger(), newLedger()}
	for round := range 3 {
		for i := range 60 {
			e := event1(round*1000 + i)
			want[e] = true
			b.write(i%partitions, e)
		}
		errs := make(chan error, len(ledgers))
		for _, l := range ledgers {
			go func() {
				_, err := b.reader(l, func(o *StreamingOptions) { o.Wait = time.Second }).Collect(t.Context())
				errs <- err
			}()
		}
		for range ledgers {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := b.reader(ledgers[0]).Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	for e := range want {
		if ledgers[0].rows[e]+ledgers[1].rows[e] == 0 {
			t.Errorf("nobody staged %s", e)
		}
	}
}

// What another member holds and has not committed is unread: a run that has read its
// own partitions to their end waits for the others, and does not count as whole.
func TestAnotherMembersMessagesAreUnread(t *testing.T) {
	b, l := newBroker(t), newLedger()
	other := b.client(kgo.ConsumerGroup(b.config.Group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for p := range partitions {
		b.write(p, event1(p))
	}
	other.PollRecords(t.Context(), 1) // it has joined
	hasty := func(o *StreamingOptions) { o.Wait = time.Second }
	out, err := b.reader(l, hasty).Collect(t.Context())
	if err != nil || out.Staged == partitions || len(out.Notes) != 1 || l.state[keyCaughtUp] != "" {
		t.Errorf("counts as whole: %+v, %v, %v", out, err, l.state)
	}
	other.Close()
	if out, err = b.reader(l).Collect(t.Context()); err != nil || len(l.rows) != partitions || len(out.Notes) != 0 {
		t.Errorf("%+v, %v; %d of %d staged", out, err, len(l.rows), partitions)
	}
}

func TestBadMessagesDoNotStopTheOthers(t *testing.T) {
	b, l := newBroker(t), newLedger()
	b.write(0, event1(1), "", "not JSON", `{"cut":`, `12`, zipped(t, event1(2)), event1(3)+"\nrubbish", `{"logContent":{"id":"x","time":"2100-01-01T00:00:00Z","type":"t"}}`)
	out := b.collect(l)
	if out.Staged != 4 || out.Refused != 5 || !strings.Contains(strings.Join(out.Notes, "\n"), "partition 0, offset 2: line 1: this is neither JSON") {
		t.Errorf("%+v", out)
	}
}

func TestAFirstRunMayBeginAtTheEnd(t *testing.T) {
	b, l := newBroker(t), newLedger()
	b.write(0, event1(1))
	end := func(o *StreamingOptions) { o.FromEnd = true }
	if out, err := b.reader(l, end).Collect(t.Context()); err != nil || out.Received != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	b.write(0, event1(2))
	if out, err := b.reader(l, end).Collect(t.Context()); err != nil || out.Staged != 1 {
		t.Errorf("what came since is not read: %+v, %v", out, err)
	}
}

// A run has bounds, and the next one goes on there.
func TestARunOfAStreamIsBounded(t *testing.T) {
	b, l := newBroker(t), newLedger()
	for i := range 30 {
		b.write(0, event1(i))
	}
	total := 0
	for range 40 {
		out, err := b.reader(l, func(o *StreamingOptions) { o.MaxMessages = 1 }).Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if total += out.Staged; total == 30 {
			return
		}
	}
	t.Errorf("%d of 30 records after 40 runs", total)
}

func TestStreamErrorsSayWhatToDo(t *testing.T) {
	b := newBroker(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	for name, c := range map[string]struct {
		change func(*connect.StreamingConfig)
		want   string
		kind   connect.Kind
	}{
		"password": {func(c *connect.StreamingConfig) { c.Token = "s3cret-token" }, "auth_token an auth token of that user", connect.Unauthorized},
		"stream":   {func(c *connect.StreamingConfig) { c.Stream = "absent" }, `there is no stream "absent"`, connect.NotFound},
		"address":  {func(c *connect.StreamingConfig) { c.Bootstrap = listener.Addr().String() }, "can be reached from here", connect.Transient},
	} {
		config := b.config
		c.change(&config)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, err := NewStreaming(connect.NewStreaming(config, connect.Options{}), newLedger(), StreamingOptions{Integration: "stream"}).Collect(ctx)
		cancel()
		if err == nil || !strings.Contains(err.Error(), c.want) || connect.KindOf(err) != c.kind || strings.Contains(fmt.Sprint(err), "s3cret") {
			t.Errorf("%s: %v (%v)", name, err, connect.KindOf(err))
		}
	}
}
