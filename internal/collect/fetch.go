package collect

import (
	"context"
	"errors"
	"time"

	"ledgerline/internal/connect"
)

// scope is one list of the service.
type scope struct{ Window, Type, Code string }

func (s scope) String() string {
	text := "window " + s.Window
	if s.Type != "" {
		text += ", type " + s.Type
	}
	if s.Code != "" {
		text += ", code " + s.Code
	}
	return text
}

// pageSize adapts to what the service manages: halved on answers that do not arrive whole, grown
// back slowly.
type pageSize struct {
	now, most int
	good      int // answers since the last change
	largest   int // page seen: the service may give fewer rows than asked for
}

const growAfter = 10

func (p *pageSize) succeeded(rows int) {
	p.largest = max(p.largest, rows)
	if p.good++; p.good >= growAfter && p.now < p.most {
		p.now, p.good = min(p.most, p.now+max(1, p.now/4)), 0
	}
}

func (p *pageSize) failed() bool {
	p.good = 0
	if p.now <= 1 {
		return false
	}
	p.now /= 2
	return true
}

// cut returns the size of the page at an offset in the n-th pass over a list. Later passes begin
// with a shorter page, each another, so that no page border falls where one fell before.
func (p *pageSize) cut(n, offset int) int {
	if n == 0 {
		return p.now
	}
	size := max(3, p.now)
	if offset == 0 {
		return 1 + min(size, p.largest)*n/(maxPasses+1)
	}
	return size
}

const (
	maxHalvings = 4
	maxRows     = 5_000_000 // of one list; more is a service that never ends
)

var errEndless = errors.New("the service's list does not end after 5,000,000 records: narrow the integration, or ask its operator")

// fetch asks for one page in the n-th pass over a list. The size follows the failures on the way.
func (r *reading) fetch(ctx context.Context, sc scope, offset, n int) (*connect.AuditPage, error) {
	if offset > maxRows {
		return nil, errEndless
	}
	for try := 0; ; try++ {
		page, err := r.client.AuditRecords(ctx, connect.AuditQuery{
			Window: sc.Window, Type: sc.Type, Code: sc.Code, Offset: offset, Limit: r.size.cut(n, offset),
		})
		if err == nil {
			r.size.succeeded(len(page.Items))
			r.received(page)
			return page, r.progress.begin(ctx, r, r.serviceTime(page))
		}
		if ctx.Err() != nil || try >= maxHalvings || !tooLarge(err) || !r.size.failed() {
			return nil, err
		}
		r.opts.Logger.Info("asking for smaller pages", "integration", r.opts.Integration, "page_size", r.size.now, "error", err)
	}
}

func (r *reading) received(page *connect.AuditPage) {
	if r.out.Pages == 0 {
		r.out.Links = page.Links
	}
	r.out.Pages++
	r.out.Received += len(page.Items)
}

// tooLarge reports whether a smaller page may succeed: the answer was cut off, or none came in time.
func tooLarge(err error) bool {
	e, ok := errors.AsType[*connect.Error](err)
	return ok && (e.Kind == connect.BadPayload || e.Kind == connect.Transient && e.Status == 0)
}

// serviceTime is when the service answered, by its own clock if it says.
func (r *reading) serviceTime(page *connect.AuditPage) time.Time {
	if !page.Date.IsZero() {
		return page.Date.UTC()
	}
	return r.opts.Clock().UTC()
}
