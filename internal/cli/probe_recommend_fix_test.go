package cli

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/content"
)

// TestOwnReasons: what the golden paths write behind the numbers of probes is known as Fairway's, so that --fix replaces it with the number.
func TestOwnReasons(t *testing.T) {
	files, err := fs.Glob(content.FS, "paths/*/*/deploy/base/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	number := regexp.MustCompile(`^ +(?:periodSeconds|timeoutSeconds|failureThreshold|progressDeadlineSeconds): .*?(?:#= \w+ )?(# .*)$`)
	seconds, other := regexp.MustCompile(`\{seconds\([^}]*\)\}`), regexp.MustCompile(`\{[^}]*\}`)
	n := 0
	for _, name := range files {
		data, err := fs.ReadFile(content.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(data), "\n") {
			m := number.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			n++
			if text := other.ReplaceAllString(seconds.ReplaceAllString(m[1], "1m30s"), "7"); !ownReason.MatchString(text) {
				t.Errorf("%s: ownReason does not match %q", name, text)
			}
		}
	}
	if n < 20 {
		t.Errorf("%d reasons found, want the 20 and more of the golden paths", n)
	}
}
