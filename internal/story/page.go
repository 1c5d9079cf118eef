package story

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"path/filepath"
	"text/template"

	"github.com/fairway-k8s/fairway/internal/store"
)

//go:embed page.md
var page string

// Page is docs/story.md with the figures of a record. The same record gives the same bytes.
func Page(r *Record) ([]byte, error) {
	t, err := template.New("page.md").Option("missingkey=error").Parse(page)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, r); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// WriteDocs writes a record and its page into the folder docs.
func WriteDocs(docs string, r *Record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text, err := Page(r)
	if err != nil {
		return err
	}
	return store.WriteFiles([]store.File{
		{Name: filepath.Join(docs, "story.json"), Data: append(data, '\n')},
		{Name: filepath.Join(docs, "story.md"), Data: text},
	})
}
