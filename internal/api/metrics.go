package api

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics of the server. Label values come from the operation table, never from
// a request, so their number is bounded.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	uploaded prometheus.Counter
	handler  http.Handler
}

func newMetrics(reg *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ledgerline_http_requests_total", Help: "Requests by operation and status."},
			[]string{"operation", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "ledgerline_http_request_seconds", Help: "Time to answer by operation.",
			Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10, 30, 60}}, []string{"operation"}),
		uploaded: prometheus.NewCounter(prometheus.CounterOpts{Name: "ledgerline_upload_bytes_total", Help: "Bytes of uploads that were staged."}),
		handler:  promhttp.HandlerFor(reg, promhttp.HandlerOpts{}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.uploaded} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("api: metrics: %w (give each server a registry of its own)", err)
		}
	}
	return m, nil
}

func (m *metrics) request(operation string, status int, took time.Duration) {
	m.requests.WithLabelValues(operation, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(operation).Observe(took.Seconds())
}

// showMetrics writes the metrics in Prometheus' format; promhttp answers itself, so
// this is the one handler that returns no response.
func (s *Server) showMetrics(c *call) (*response, error) {
	s.metrics.handler.ServeHTTP(c.w, c.r)
	return nil, nil
}
