// Package story has the story of docs/story.md played on a real node, and fails where it does not go as it is told.
package story

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/fairway-k8s/fairway/internal/story"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

func TestStory(t *testing.T) {
	b := bed.Node(t)
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	for image, folder := range story.Images {
		b.Load(t, image, filepath.Join(examples, folder))
	}
	t.Chdir(t.TempDir())
	play := story.Play{Cluster: b, Examples: examples, Narrator: &story.Narrator{Out: t.Output()}}
	record, err := play.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.MarshalIndent(record, "", "  ")
	t.Logf("measured:\n%s", text)
	for _, fault := range record.Faults() {
		t.Error(fault)
	}
}
