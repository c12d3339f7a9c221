package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"ledgerline/internal/connect"
	"ledgerline/internal/simulate"
)

// documentBytes keeps a document below the 10 MB that Oracle's recipe is bound to.
const documentBytes = 9 << 20

// makeDocuments reads a simulated audit trail and cuts it into documents of the
// shape a stage file has.
func makeDocuments(records int) ([][]byte, error) {
	sim, err := simulate.New(simulate.Options{History: records, Days: 30, Seed: 7, Integrations: 200, Users: 60, OneLine: true})
	if err != nil {
		return nil, err
	}
	token, err := simulatedToken(sim)
	if err != nil {
		return nil, err
	}
	handler := sim.Handler()
	var documents [][]byte
	var doc bytes.Buffer
	finish := func() {
		doc.WriteString(`],"links":[{"href":"https://oicdemo-ab12cd34ef56-ia.integration.ocp.oraclecloud.com:443/ic/api/integration/v1/monitoring/auditRecords","rel":"self"}]}`)
		documents = append(documents, slices.Clone(doc.Bytes()))
		doc.Reset()
	}
	for offset := 0; offset < records; {
		r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/ic/api/integration/v1/monitoring/auditRecords?q={timewindow:'RETENTIONPERIOD'}&offset=%d&limit=1000", offset), nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		var page struct{ Items []json.RawMessage }
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page.Items) == 0 {
			return nil, fmt.Errorf("the simulator answers %d at offset %d: %w", w.Code, offset, err)
		}
		for _, item := range page.Items {
			if doc.Len() == 0 {
				doc.WriteString(`{"items":[`)
			} else {
				doc.WriteByte(',')
			}
			doc.Write(item)
		}
		offset += len(page.Items)
		if doc.Len() >= documentBytes {
			finish()
		}
	}
	if doc.Len() > 0 {
		finish()
	}
	return documents, nil
}

func simulatedToken(sim *simulate.Simulator) (string, error) {
	id, secret := sim.Credentials()
	form := strings.NewReader("grant_type=client_credentials&client_id=" + id + "&client_secret=" + secret + "&scope=" + sim.Scope())
	r := httptest.NewRequest(http.MethodPost, "/oauth2/v1/token", form)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	sim.Handler().ServeHTTP(w, r)
	var answer struct {
		Token string `json:"access_token"`
	}
	err := json.Unmarshal(w.Body.Bytes(), &answer)
	return answer.Token, err
}

// yardstick is work of a known kind on the same bytes and machine.
type yardstick struct {
	bytes int64
	zstd  time.Duration // one core, level 1
}

func measureYardstick(documents [][]byte) yardstick {
	var y yardstick
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return y
	}
	begin := time.Now()
	var buffer []byte
	for _, d := range documents {
		y.bytes += int64(len(d))
		buffer = encoder.EncodeAll(d, buffer[:0])
	}
	y.zstd = time.Since(begin)
	return y
}

type ingest struct {
	records int
	elapsed time.Duration // first upload until the last record was found
	cpu     time.Duration
	peak    int64
	space   space
}

func measureIngest(ctx context.Context, s *server, documents [][]byte, records int) (ingest, error) {
	client, err := s.client()
	if err != nil {
		return ingest{}, err
	}
	cpu, begin := s.cpu(), time.Now()
	for i, d := range documents {
		up := connect.LogUpload{Namespace: "bench", LogGroup: group, Source: source, File: fmt.Sprintf("audit-%04d.json", i), UploadName: "bench", Body: d}
		if _, err := client.Upload(ctx, up); err != nil {
			return ingest{}, err
		}
	}
	if err := s.waitFor(ctx, records); err != nil {
		return ingest{}, err
	}
	return ingest{records: records, elapsed: time.Since(begin), cpu: s.cpu() - cpu}, nil
}

// benchQueries are the kinds of questions people ask of an audit trail.
var benchQueries = []struct{ name, text string }{
	{"count all", "* | stats count"},
	{"count by an equality", "'Resource Operations' = delete | stats count"},
	{"who did how much, top 20", "* | stats count as n, distinctcount('Resource ID') as things by 'User Name' | sort -n | head 20"},
	{"per day by operation", "* | timestats span = 1day count by 'Resource Operations'"},
	{"latest 100 of one user", "'User Name' = 'ana@example.com' | fields 'Resource Operations', 'OCI Resource Name' | sort -Time | head 100"},
}

type timing struct {
	name, text string
	p50        float64 // milliseconds
	rows       int
}

func measureQueries(ctx context.Context, s *server) ([]timing, error) {
	const times = 15
	var out []timing
	for _, q := range benchQueries {
		var took []float64
		rows := 0
		for range times {
			a, err := s.query(ctx, q.text)
			if err != nil {
				return nil, err
			}
			took, rows = append(took, a.ElapsedMs), len(a.Rows)
		}
		slices.Sort(took)
		out = append(out, timing{q.name, q.text, took[len(took)/2], rows})
	}
	return out, nil
}

type space struct{ store, stage int64 }

func measureSpace(data string) space {
	return space{store: sizeOf(filepath.Join(data, "segments")), stage: sizeOf(filepath.Join(data, "stage"))}
}

func sizeOf(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	return size
}
