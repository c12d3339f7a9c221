package content

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
)

const (
	maxContentXML     = 16 << 20 // bytes, expanded
	maxContentMembers = 200
)

// ErrNotContent is returned for a file that is no content export at all.
var ErrNotContent = errors.New("the file is neither a ZIP with content.xml nor a content.xml")

// contentXML takes content.xml out of a ZIP, or accepts it bare.
func contentXML(file []byte) ([]byte, error) {
	if !bytes.HasPrefix(file, []byte("PK")) {
		if text := bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\xEF\xBB\xBF"))); bytes.HasPrefix(text, []byte("<")) {
			if len(text) > maxContentXML {
				return nil, fmt.Errorf("content.xml is larger than %d MB", maxContentXML>>20)
			}
			return text, nil
		}
		return nil, ErrNotContent
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotContent, err)
	}
	if len(z.File) > maxContentMembers {
		return nil, fmt.Errorf("the ZIP holds %d files; at most %d are accepted", len(z.File), maxContentMembers)
	}
	var found *zip.File
	for _, f := range z.File {
		if !filepath.IsLocal(f.Name) || strings.ContainsAny(f.Name, `\:`) {
			return nil, fmt.Errorf("the ZIP holds the name %q, which leads out of it", clip(f.Name))
		}
		if path.Base(f.Name) != "content.xml" {
			continue
		}
		if found != nil {
			return nil, errors.New("the ZIP holds more than one content.xml; import them one by one")
		}
		found = f
	}
	if found == nil {
		return nil, fmt.Errorf("%w: the ZIP has no content.xml", ErrNotContent)
	}
	if found.Flags&1 != 0 {
		return nil, errors.New("content.xml is encrypted; send it without a password")
	}
	r, err := found.Open()
	if err != nil {
		return nil, fmt.Errorf("content.xml: %w", err)
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, maxContentXML+1))
	if err != nil {
		return nil, fmt.Errorf("content.xml: %w", err)
	}
	if len(text) > maxContentXML {
		return nil, fmt.Errorf("content.xml is larger than %d MB when expanded", maxContentXML>>20)
	}
	return text, nil
}

func zipMembers(members ...zipMember) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		w, err := z.Create(m.name) // without a time, so that equal content gives equal bytes
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(m.body); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

type zipMember struct {
	name string
	body []byte
}
