package ops

import (
	"cmp"
	"context"
	"encoding/binary"
	"hash/fnv"
	"slices"
)

// Clusters are the options of cluster and of the commands that build on it.
//
// Their input is one row of each log source, signature and bucket of time: key
// of the signature, log source, signature, number of the bucket, records,
// smallest message, rank of the priority (1 high, 2 medium, 3 low), and 1 for
// records of a baseline. Rows of a signature follow each other, those with the
// most records first.
type Clusters struct {
	Similarity float64
	Buckets    int    // of a trend
	Collection string // that clusters belong to
}

// maxTemplates bounds the clusters of one query.
const maxTemplates = 50_000

// DefaultSimilarity of signatures that form a cluster.
const DefaultSimilarity = 0.67

// columns of the input.
const (
	inKey = iota
	inSource
	inSignature
	inBucket
	inCount
	inSample
	inPriority
	inBaseline
)

// cluster is one in the making.
type cluster struct {
	template   *Template
	id         string
	count      int64
	before     int64 // records of the baseline
	sample     string
	trend      []int64
	priority   int64   // 0 when there is none
	signatures []int64 // keys
	shape      int64
}

// signature is what the rows of one signature add up to.
type signature struct {
	key    int64
	source string
	text   string
	cluster
}

func (s *signature) add(row []any, buckets int) {
	n, _ := row[inCount].(int64)
	if b, ok := row[inBucket].(int64); ok && b >= 0 && int(b) < buckets {
		s.trend[b] += n
	}
	if baseline, _ := row[inBaseline].(int64); baseline != 0 {
		s.before += n
	} else {
		s.count += n
	}
	if sample, _ := row[inSample].(string); s.sample == "" || sample < s.sample {
		s.sample = sample
	}
	if p, ok := row[inPriority].(int64); ok && (s.priority == 0 || p < s.priority) {
		s.priority = p
	}
}

// walk gives each signature of the input to take, which may keep all of it but
// its trend.
func (o Clusters) walk(ctx context.Context, in Source, take func(*signature)) error {
	var now *signature
	trend := make([]int64, o.Buckets)
	rows := 0
	err := in(func(row []any) error {
		if rows++; rows%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		key, _ := row[inKey].(int64)
		if now == nil || now.key != key {
			if now != nil {
				take(now)
			}
			clear(trend)
			now = &signature{key: key, cluster: cluster{trend: trend}}
			now.source, _ = row[inSource].(string)
			now.text, _ = row[inSignature].(string)
		}
		now.add(row, o.Buckets)
		return nil
	})
	if err == nil && now != nil {
		take(now)
	}
	return err
}

// collect merges the signatures of the input into clusters, the highest score first.
func (o Clusters) collect(ctx context.Context, in Source) (list []*cluster, partial string, err error) {
	found := newFinder(o.Similarity)
	if err := o.walk(ctx, in, func(s *signature) { found.take(s) }); err != nil {
		return nil, "", err
	}
	return found.finish(), found.partial(), nil
}

// finder assigns signatures to clusters.
type finder struct {
	templates *Templates
	list      []*cluster // by number of the template
	left      int        // signatures without a cluster
	keys      int
}

func newFinder(similarity float64) *finder { return &finder{templates: NewTemplates(similarity)} }

// take adds a signature to its cluster and returns the number of that; ok is
// false when there is no room for another cluster.
func (f *finder) take(s *signature) (n int, ok bool) {
	n, ok = f.templates.Add(s.source, s.text, maxTemplates)
	if !ok {
		f.left++
		return 0, false
	}
	if n == len(f.list) {
		c := s.cluster
		c.trend = slices.Clone(s.trend)
		c.template = f.templates.At(n)
		f.list = append(f.list, &c)
	} else {
		f.list[n].merge(&s.cluster)
	}
	// Beyond the bound on rows there is no use for more of them.
	if f.keys++; f.keys <= 4*maxTemplates {
		f.list[n].signatures = append(f.list[n].signatures, s.key)
	}
	return n, true
}

// partial says what is missing.
func (f *finder) partial() string {
	if f.left == 0 {
		return ""
	}
	return "there are more clusters than can be told apart, and the rarest messages are left out: ask for a shorter time range or for one log source"
}

// merge adds what another cluster holds.
func (c *cluster) merge(o *cluster) {
	c.count += o.count
	c.before += o.before
	c.sample = min(c.sample, o.sample)
	for i, n := range o.trend {
		c.trend[i] += n
	}
	if o.priority != 0 && (c.priority == 0 || o.priority < c.priority) {
		c.priority = o.priority
	}
	c.signatures = append(c.signatures, o.signatures...)
}

// finish joins clusters that grew into the same template.
func (f *finder) finish() []*cluster {
	byID := map[string]*cluster{}
	var out []*cluster
	for _, c := range f.list {
		id := c.template.ID()
		if same := byID[id]; same != nil {
			same.merge(c)
			same.template.Signatures += c.template.Signatures
			continue
		}
		c.id, byID[id] = id, c
		out = append(out, c)
	}
	for _, c := range out {
		c.shape = shape(c.trend)
	}
	slices.SortFunc(out, func(a, b *cluster) int { return cmp.Or(cmp.Compare(b.score(), a.score()), cmp.Compare(a.id, b.id)) })
	return out
}

// score puts clusters that name a problem before those that do not, and the
// rare before the frequent: 1 for a problem, and up to 0.5 for being rare.
func (c *cluster) score() float64 {
	s := 1 / float64(1+max(1, c.count+c.before))
	if c.template.Issue {
		s++
	}
	return s
}

// levels is how finely shapes tell heights apart.
const levels = 4

// shape names the form of a trend: its heights scaled to the greatest and
// rounded to a few levels. As a hash of 32 bits it may be negative.
func shape(trend []int64) int64 {
	top := int64(0)
	for _, n := range trend {
		top = max(top, n)
	}
	h := fnv.New32a()
	var b [2]byte
	for _, n := range trend {
		level := int64(0)
		if top > 0 {
			level = (n*levels + top/2) / top
		}
		binary.LittleEndian.PutUint16(b[:], uint16(level))
		h.Write(b[:])
	}
	return int64(int32(h.Sum32()))
}

// flag spells Potential Issue as the service does.
func (c *cluster) flag() string {
	if c.template.Issue {
		return "1"
	}
	return "0"
}

// word spells Problem Priority; nil when no record has one.
func (c *cluster) word() any {
	switch c.priority {
	case 1:
		return "High"
	case 2:
		return "Medium"
	case 3:
		return "Low"
	}
	return nil
}

// row is the cluster as the columns Collection, ID, Log Source, Count, Cluster
// Sample, Sample Count, Shape, Trend, Score, Potential Issue, Problem Priority.
func (c *cluster) row(o Clusters) []any {
	trend := make([]any, len(c.trend))
	for i, n := range c.trend {
		trend[i] = n
	}
	return []any{o.Collection, c.id, source(c.template.Source), c.count + c.before, c.sample, c.template.Signatures, c.shape, trend,
		c.score(), c.flag(), c.word()}
}

func source(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Run lists the clusters, one a row.
func (o Clusters) Run(ctx context.Context, in Source, emit Emit) (string, error) {
	list, partial, err := o.collect(ctx, in)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		if err := emit(c.row(o)); err != nil {
			return "", err
		}
	}
	return partial, nil
}

// Compare lists the clusters that occur only in the records, or only in the
// baseline, with one more column that says which.
func (o Clusters) Compare(ctx context.Context, in Source, emit Emit) (string, error) {
	list, partial, err := o.collect(ctx, in)
	if err != nil {
		return "", err
	}
	for _, c := range list {
		where := "Current"
		switch {
		case c.count > 0 && c.before > 0:
			continue
		case c.before > 0:
			where = "Baseline"
		}
		if err := emit(append(c.row(o), where)); err != nil {
			return "", err
		}
	}
	return partial, nil
}

// Assign says of each signature which cluster it belongs to: key of the
// signature, ID, Cluster Sample, Sample Count, Potential Issue, records of the
// cluster, records and clusters of its shape, shape.
func (o Clusters) Assign(ctx context.Context, in Source, emit Emit) (string, error) {
	list, partial, err := o.collect(ctx, in)
	if err != nil {
		return "", err
	}
	recs, clusters := map[int64]int64{}, map[int64]int64{}
	for _, c := range list {
		recs[c.shape] += c.count
		clusters[c.shape]++
	}
	for _, c := range list {
		for _, key := range c.signatures {
			err := emit([]any{key, c.id, c.sample, c.template.Signatures, c.flag(), c.count, recs[c.shape], clusters[c.shape], c.shape})
			if err != nil {
				return "", err
			}
		}
	}
	return partial, nil
}

// Split lists the signatures of some clusters, each as a cluster of its own.
func (o Clusters) Split(ids []string) Func {
	return func(ctx context.Context, in Source, emit Emit) (string, error) {
		whole, parts := newFinder(o.Similarity), newFinder(1)
		owner := map[int]int{}
		err := o.walk(ctx, in, func(s *signature) {
			if n, ok := whole.take(s); ok {
				if m, ok := parts.take(s); ok {
					owner[m] = n
				}
			}
		})
		if err != nil {
			return "", err
		}
		wanted := map[string]bool{}
		for m, n := range owner {
			if slices.Contains(ids, whole.templates.At(n).ID()) {
				wanted[parts.templates.At(m).ID()] = true
			}
		}
		for _, c := range parts.finish() {
			if !wanted[c.id] {
				continue
			}
			if err := emit(c.row(o)); err != nil {
				return "", err
			}
		}
		return whole.partial(), nil
	}
}
