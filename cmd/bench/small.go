package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"
)

type smallUploads struct {
	sent, failed  int
	found         int
	lost, doubled int // of those that were not refused
	p50, p99, max time.Duration
	elapsed, cpu  time.Duration
	signing       time.Duration // of one request, on one core
	peak          int64
}

// measureSmall sends one record at a time from many clients at a steady rate and
// counts what arrived. The requests are made and signed by the official SDK
// beforehand: clients are other machines, and one RSA signature takes longer than
// the server takes for the whole upload.
func measureSmall(ctx context.Context, s *server, clients, rate int, during time.Duration) (smallUploads, error) {
	total := int(float64(rate) * during.Seconds())
	signed := time.Now()
	requests, err := signSmall(ctx, s, total)
	if err != nil {
		return smallUploads{}, err
	}
	signing := time.Since(signed) * time.Duration(runtime.GOMAXPROCS(0)) / time.Duration(total)
	took := make([]time.Duration, total)
	var next, failed atomic.Int64
	cpu, begin := s.cpu(), time.Now()
	var wg sync.WaitGroup
	for range clients {
		client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
		wg.Go(func() {
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= total {
					return
				}
				due := begin.Add(time.Duration(n) * time.Second / time.Duration(rate))
				time.Sleep(time.Until(due))
				if err := send(client, requests[n]); err != nil {
					failed.Add(1)
				}
				took[n] = time.Since(due)
			}
		})
	}
	wg.Wait()
	out := smallUploads{sent: total, failed: int(failed.Load()), elapsed: time.Since(begin), signing: signing}
	if err := s.waitFor(ctx, total-out.failed); err != nil {
		return out, err
	}
	time.Sleep(settle)
	var distinct int
	out.found, distinct, err = s.distinct(ctx)
	out.lost, out.doubled = total-out.failed-distinct, out.found-distinct
	out.cpu = s.cpu() - cpu
	slices.Sort(took)
	out.p50, out.p99, out.max = took[total/2], took[int(math.Ceil(float64(total)*0.99))-1], took[total-1]
	return out, err
}

// settle is how much later than the last one a second copy of a record would show.
const settle = 3 * time.Second

// distinct counts the records, and what they are about: each is about a thing of its own.
func (s *server) distinct(ctx context.Context) (records, things int, err error) {
	a, err := s.query(ctx, "* | stats count as records, distinctcount('Resource ID') as things")
	if err != nil {
		return 0, 0, err
	}
	n, _ := a.Rows[0][0].(float64)
	d, _ := a.Rows[0][1].(float64)
	return int(n), int(d), nil
}

func send(client *http.Client, r *http.Request) error {
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("upload: %s", resp.Status)
	}
	return nil
}

// signSmall makes the requests. Their dates hold for five minutes.
func signSmall(ctx context.Context, s *server, total int) ([]*http.Request, error) {
	provider, err := common.ConfigurationProviderFromFile(s.config, "")
	if err != nil {
		return nil, err
	}
	signer := common.RequestSignerExcludeBody(provider)
	requests := make([]*http.Request, total)
	problems := make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for worker := range problems {
		wg.Go(func() {
			for n := worker; n < total && problems[worker] == nil; n += len(problems) {
				if requests[n], problems[worker] = smallUpload(ctx, s.url, n); problems[worker] == nil {
					problems[worker] = signer.Sign(requests[n])
				}
			}
		})
	}
	wg.Wait()
	return requests, errors.Join(problems...)
}

func smallUpload(ctx context.Context, url string, n int) (*http.Request, error) {
	now := time.Now().UTC()
	body := fmt.Appendf(nil, `{"items":[{"auditTrailMessage":"User ana@example.com updated Integration Orders %d","operationName":"update","resourceCode":"ORDERS_%d","resourceName":"Orders %d","resourceType":"ICS_ProjectV2","resourceVersion":"01.00.0000","timeStamp":"%s","userName":"ana@example.com"}]}`,
		n, n, n, now.Format("2006-01-02T15:04:05.000-0700"))
	r, err := loganalytics.UploadLogFileRequest{
		NamespaceName: common.String("bench"), OpcMetaLoggrpid: common.String(group), LogSourceName: common.String(source),
		Filename: common.String(fmt.Sprintf("small-%06d.json", n)), UploadName: common.String("small"),
		ContentType: common.String("application/octet-stream"), OpcRetryToken: common.String(common.RetryToken()),
		UploadLogFileBody: io.NopCloser(bytes.NewReader(body)),
	}.HTTPRequest(http.MethodPost, "/20200601/namespaces/{namespaceName}/actions/uploadLogFile", nil, nil)
	if err != nil {
		return nil, err
	}
	address, host, _ := strings.Cut(url, "://")
	r.URL.Scheme, r.URL.Host, r.Host = address, host, host
	r.Header.Set("Date", now.Format(http.TimeFormat))
	return r.WithContext(ctx), nil
}
