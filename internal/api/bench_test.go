package api

import (
	"crypto/rsa"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// Small signed uploads from 20 clients over loopback: signature, journal with
// sync, and books. The reception is paid, the parsing not.
func BenchmarkUpload(b *testing.B) {
	g := newRig(b)
	signer := common.RequestSignerExcludeBody(signingKey{g})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 20}}
	target := g.web.URL + nsPath + "/actions/uploadLogFile?logSourceName=OCI%20Integration%20Audit%20Logs&filename=a.json"
	body := strings.Repeat(`{"a":1}`, 100)
	work := make(chan int)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for i := range work {
				r, err := http.NewRequest("POST", target+fmt.Sprint("&uploadName=u", i%50), strings.NewReader(body))
				if err != nil {
					b.Error(err)
					continue
				}
				r.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
				r.Header.Set("opc-meta-loggrpid", groupID)
				if err := signer.Sign(r); err != nil {
					b.Error(err)
					continue
				}
				resp, err := client.Do(r)
				if err != nil {
					b.Error(err)
					continue
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != 200 {
					b.Errorf("status %d", resp.StatusCode)
				}
			}
		})
	}
	b.ResetTimer()
	for i := range b.N {
		work <- i
	}
	close(work)
	wg.Wait()
	b.StopTimer()
	if n := len(g.received()); n != b.N {
		b.Errorf("%d of %d uploads staged", n, b.N)
	}
}

// signingKey gives the rig's key to the official signer.
type signingKey struct{ *rig }

func (k signingKey) PrivateRSAKey() (*rsa.PrivateKey, error) { return k.key, nil }
func (k signingKey) KeyID() (string, error)                  { return k.keyID, nil }
