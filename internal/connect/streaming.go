package connect

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	saslplain "github.com/twmb/franz-go/pkg/sasl/plain"
)

// StreamingConfig names a stream of OCI Streaming, spoken to by the Kafka protocol.
type StreamingConfig struct {
	Bootstrap string         // host:port, such as cell-1.streaming.<region>.oci.oraclecloud.com:9092
	Stream    string         // the topic
	Group     string         // of consumers; members share the partitions
	Username  string         // <tenancy>/<user>/<stream pool OCID>
	Token     string         // an auth token of that user; both empty: no authentication
	Plain     bool           // without TLS: for tests on loopback
	Roots     *x509.CertPool // whom to trust; nil: whom the system trusts
}

// Streaming reads a stream as a member of a consumer group.
type Streaming struct {
	config StreamingConfig
	opts   Options
	tls    *tls.Config
}

// NewStreaming returns a client; nothing is sent before Open.
func NewStreaming(c StreamingConfig, opts Options) *Streaming {
	s := &Streaming{config: c, opts: opts.withDefaults()}
	if !c.Plain {
		s.tls = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots}
	}
	return s
}

// StreamMessage is one message. Oldest is the first offset that the partition
// still held when the message was read.
type StreamMessage struct {
	Partition int32
	Offset    int64
	Oldest    int64
	Time      time.Time
	Value     []byte
}

// StreamPartition is what is known of a partition when it is assigned.
type StreamPartition struct {
	Number    int32
	Committed int64 // next offset of the group; -1 when it never committed one
	First     int64 // oldest offset that is still there
	End       int64 // offset behind the newest message
}

// StreamReader is one membership in the group.
type StreamReader struct {
	client *kgo.Client
	config StreamingConfig
	first  map[int32]int64 // of every partition, when the group was joined
	end    map[int32]int64

	mu       sync.Mutex
	assigned map[int32]StreamPartition
	placed   chan struct{} // closed after the first assignment
	once     sync.Once
	err      error // of placing
}

const (
	opStream = "read the stream"
	// A broker that does not answer for so long is down.
	streamDial  = 10 * time.Second
	streamRetry = 20 * time.Second
	// A member that died without leaving keeps its partitions for so long, and
	// holds up those who join for so long.
	streamSession   = 20 * time.Second
	streamRebalance = 30 * time.Second
	// Bounds on what is fetched ahead; the service's messages have at most 1 MB.
	streamFetch     = 8 << 20
	streamPartition = 2 << 20
)

// Open joins the group. place is asked for the offset at which to begin whenever
// a partition is assigned; it is called from another goroutine. Open returns after
// the first assignment, which may be empty.
func (s *Streaming) Open(ctx context.Context, place func(StreamPartition) int64) (*StreamReader, error) {
	r := &StreamReader{config: s.config, assigned: map[int32]StreamPartition{}, placed: make(chan struct{})}
	built := make(chan struct{}) // the group may be joined before NewClient returns
	client, err := kgo.NewClient(append(s.connection(),
		kgo.ConsumerGroup(s.config.Group), kgo.ConsumeTopics(s.config.Stream),
		kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(), kgo.SessionTimeout(streamSession), kgo.RebalanceTimeout(streamRebalance),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxBytes(streamFetch), kgo.FetchMaxPartitionBytes(streamPartition), kgo.FetchMaxWait(time.Second),
		kgo.AdjustFetchOffsetsFn(func(ctx context.Context, at map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
			<-built
			return at, r.place(ctx, at[s.config.Stream], place)
		}),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, p map[string][]int32) {
			if len(p[s.config.Stream]) == 0 {
				r.ready()
			}
		}),
		kgo.OnPartitionsRevoked(r.lose), kgo.OnPartitionsLost(r.lose),
	)...)
	if err != nil {
		return nil, &Error{Op: opStream, Kind: NotFound, Message: s.clean(err), Hint: "check bootstrap and the other keys of the integration", cause: err}
	}
	r.client = client
	close(built)
	if r.first, r.end, err = s.reachable(ctx, client); err != nil {
		r.Close()
		return nil, err
	}
	select {
	case <-ctx.Done():
		r.Close()
		return nil, ctx.Err()
	case <-r.placed:
		return r, nil
	}
}

// connection is how brokers are reached, by whoever.
func (s *Streaming) connection() []kgo.Opt {
	opts := []kgo.Opt{kgo.SeedBrokers(s.config.Bootstrap), kgo.ClientID("ledgerline"),
		kgo.DialTimeout(streamDial), kgo.RetryTimeout(streamRetry), kgo.RequestRetries(5)}
	if s.tls != nil {
		opts = append(opts, kgo.DialTLSConfig(s.tls))
	}
	if s.config.Username != "" {
		opts = append(opts, kgo.SASL(saslplain.Auth{User: s.config.Username, Pass: s.config.Token}.AsMechanism()))
	}
	return opts
}

// reachable asks for the stream's offsets: a wrong address, name or password
// shows here, where consuming would only go on trying.
func (s *Streaming) reachable(ctx context.Context, client *kgo.Client) (first, end map[int32]int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, streamRetry+streamDial)
	defer cancel()
	if first, end, err = offsets(ctx, client, s.config.Stream); err != nil {
		return nil, nil, s.failure(err)
	}
	return first, end, nil
}

// offsets lists the oldest offset of each partition and the one behind the newest.
func offsets(ctx context.Context, client *kgo.Client, topic string) (first, end map[int32]int64, err error) {
	admin := kadm.NewClient(client)
	flat := func(l kadm.ListedOffsets, err error) (map[int32]int64, error) {
		if err = cmp.Or(err, l.Error()); err != nil {
			return nil, err
		}
		out := map[int32]int64{}
		l.Each(func(o kadm.ListedOffset) { out[o.Partition] = o.Offset })
		return out, nil
	}
	if first, err = flat(admin.ListStartOffsets(ctx, topic)); err != nil {
		return nil, nil, err
	}
	end, err = flat(admin.ListEndOffsets(ctx, topic))
	return first, end, err
}

// place lets the caller choose where each new partition begins.
func (r *StreamReader) place(ctx context.Context, at map[int32]kgo.Offset, choose func(StreamPartition) int64) error {
	defer r.ready()
	first, end, err := offsets(ctx, r.client, r.config.Stream)
	placed := map[int32]StreamPartition{}
	for number, offset := range at {
		if err == nil {
			p := StreamPartition{Number: number, Committed: max(offset.EpochOffset().Offset, -1), First: first[number], End: end[number]}
			placed[number] = p
			at[number] = kgo.NewOffset().At(choose(p)) // not under the lock: the caller has one of its own
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
	maps.Copy(r.assigned, placed)
	return err
}

func (r *StreamReader) ready() { r.once.Do(func() { close(r.placed) }) }

func (r *StreamReader) lose(_ context.Context, _ *kgo.Client, p map[string][]int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, number := range p[r.config.Stream] {
		delete(r.assigned, number)
	}
}

// Assigned are the partitions that this member reads now, as they were when they
// were assigned.
func (r *StreamReader) Assigned() map[int32]StreamPartition {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.assigned)
}

// OthersDone reports whether the group has committed all that was there when it was
// joined, in the partitions that this member does not read. One that died before
// it had committed leaves them to the living, a while later.
func (r *StreamReader) OthersDone(ctx context.Context) (bool, error) {
	var others []int32
	mine := r.Assigned()
	for number, end := range r.end {
		if _, ok := mine[number]; !ok && r.first[number] < end {
			others = append(others, number)
		}
	}
	if len(others) == 0 {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, streamRetry+streamDial)
	defer cancel()
	committed, err := kadm.NewClient(r.client).FetchOffsets(ctx, r.config.Group)
	if err = cmp.Or(err, committed.Error()); err != nil {
		return false, (&Streaming{config: r.config}).failure(err)
	}
	for _, number := range others {
		if at, ok := committed.Lookup(r.config.Stream, number); !ok || at.At < r.end[number] {
			return false, nil
		}
	}
	return true, nil
}

// Poll waits for messages, at most until ctx ends, which is no error. Partitions
// are not taken away between Poll and the next one, so that what is committed
// meanwhile is one's own.
func (r *StreamReader) Poll(ctx context.Context, most int) ([]StreamMessage, error) {
	r.client.AllowRebalance()
	fetches := r.client.PollRecords(ctx, most)
	var out []StreamMessage
	var errs []error
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if p.Err != nil && !errors.Is(p.Err, context.DeadlineExceeded) && !errors.Is(p.Err, context.Canceled) {
			errs = append(errs, p.Err)
		}
		for _, m := range p.Records {
			out = append(out, StreamMessage{Partition: m.Partition, Offset: m.Offset, Oldest: p.LogStartOffset, Time: m.Timestamp.UTC(), Value: m.Value})
		}
	})
	r.mu.Lock()
	errs = append(errs, r.err)
	r.mu.Unlock()
	if err := errors.Join(errs...); err != nil && len(out) == 0 {
		return nil, (&Streaming{config: r.config}).failure(err)
	}
	return out, nil
}

// Commit tells the group the next offset of each partition. A partition that was
// taken away meanwhile is left to its new reader.
func (r *StreamReader) Commit(ctx context.Context, next map[int32]int64) error {
	at := map[int32]kgo.EpochOffset{}
	for partition, offset := range next {
		at[partition] = kgo.EpochOffset{Epoch: -1, Offset: offset}
	}
	var failed error
	r.client.CommitOffsetsSync(ctx, map[string]map[int32]kgo.EpochOffset{r.config.Stream: at},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
			if failed = err; err != nil {
				return
			}
			for _, t := range resp.Topics {
				for _, p := range t.Partitions {
					failed = cmp.Or(failed, kerr.ErrorForCode(p.ErrorCode))
				}
			}
		})
	switch {
	case failed == nil, errors.Is(failed, kerr.RebalanceInProgress), errors.Is(failed, kerr.IllegalGeneration), errors.Is(failed, kerr.UnknownMemberID):
		return nil
	}
	return (&Streaming{config: r.config}).failure(failed)
}

// Close leaves the group.
func (r *StreamReader) Close() { r.client.CloseAllowingRebalance() }

// failure says what a person can do about an error of the protocol.
func (s *Streaming) failure(err error) *Error {
	e := &Error{Op: opStream, Kind: Transient, Message: s.clean(err), cause: err}
	var dns *net.DNSError
	var untrusted *tls.CertificateVerificationError
	// Brokers also hang up on a wrong password.
	hungUp := errors.Is(err, io.EOF) && s.config.Username != ""
	switch {
	case hungUp, errors.Is(err, kerr.SaslAuthenticationFailed), errors.Is(err, kerr.UnsupportedSaslMechanism), errors.Is(err, kerr.IllegalSaslState):
		e.Kind, e.Hint = Unauthorized, "username is <tenancy>/<user>/<stream pool OCID>, auth_token an auth token of that user, not the console password"
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.GroupAuthorizationFailed):
		e.Kind, e.Hint = Forbidden, "let the user read the stream: allow group <group> to use stream-pull in compartment <compartment>"
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		e.Kind, e.Hint = NotFound, fmt.Sprintf("there is no stream %q in the stream pool of username", s.config.Stream)
	case errors.As(err, &untrusted):
		e.Hint = "check bootstrap; behind an inspecting proxy, add its certificate to the system's store"
	case errors.As(err, &dns):
		e.Hint = "check bootstrap: it is shown on the page of the stream pool"
	default:
		e.Hint = "check that " + s.config.Bootstrap + " can be reached from here; it is tried again with the next run"
	}
	return e
}

// clean drops what the configuration holds of secrets.
func (s *Streaming) clean(err error) string {
	return clean(strings.ReplaceAll(err.Error(), "\n", "; "), s.config.Token)
}

// Probe asks for the stream's offsets, without joining the group.
func (s *Streaming) Probe(ctx context.Context) []Probe {
	const name = "stream"
	client, err := kgo.NewClient(s.connection()...)
	if err != nil {
		return []Probe{failed(name, s.failure(err))}
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, streamRetry+streamDial)
	defer cancel()
	first, end, err := offsets(ctx, client, s.config.Stream)
	if err != nil {
		return []Probe{failed(name, s.failure(err))}
	}
	var messages int64
	for partition, offset := range end {
		messages += offset - first[partition]
	}
	return []Probe{passed(name, "%s has %d partitions and holds %d messages", s.config.Stream, len(end), messages)}
}
