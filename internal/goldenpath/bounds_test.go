package goldenpath

import (
	"strings"
	"testing"
	"testing/fstest"
)

// An expression that would make a machine swap ends with an error, and the functions that are bounded do what they did.
func TestBounds(t *testing.T) {
	s, err := newScope()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ text, want, fails string }{
		{`lists.range(3)`, "0, 1, 2", ""},
		{`lists.range(0)`, "", ""},
		{`lists.range(3000000000)`, "", "at most 1000 numbers"},
		{`"a-b-c".replace("-", ".")`, "a.b.c", ""},
		{`"a-b-c".replace("-", ".", 1)`, "a.b-c", ""},
		{`"a-b-c".replace("-", ".", 0)`, "a-b-c", ""},
		{`"abc".replace("", "-")`, "-a-b-c-", ""},
		{`"aaaaaaaaaa"` + strings.Repeat(`.replace("a", "aaaaaaaaaa")`, 12), "", "at most 1048576 bytes"},
		{`["a", "b"].join(", ")`, "a, b", ""},
		{`["a", "b"].join()`, "ab", ""},
		{`[].join("x")`, "", ""},
		{`lists.range(1000).map(i, "` + strings.Repeat("x", 2000) + `").join()`, "", "at most 1048576 bytes"},
		{`[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, [1,2,3,4,5,6,7,8,9].all(e, [1,2,3,4,5,6,7,8,9].all(f, true))))))`, "", "cost limit"},
	} {
		e, err := s.compile(x.text)
		if err != nil {
			t.Errorf("%.60s: %v", x.text, err)
			continue
		}
		v, err := e.eval(nil)
		switch {
		case x.fails != "" && (err == nil || !strings.Contains(err.Error(), x.fails)):
			t.Errorf("%.60s: got %v, want %q", x.text, err, x.fails)
		case x.fails == "" && (err != nil || plainText(v) != x.want):
			t.Errorf("%.60s: got %v, %v, want %q", x.text, v, err, x.want)
		}
	}
}

// A path writes in the service's folder, and nothing there that is Git's or Fairway's.
func TestFilesOfPaths(t *testing.T) {
	for name, fine := range map[string]bool{"k8s/app.yaml": true, ".config/app.yaml": true, "../app.yaml": false, "/app.yaml": false, "k8s/../app.yaml": false, "": false,
		".git/config": false, ".GIT/config": false, ".fairway/ancestor.txtar": false, "fairway.yaml": false, "a.fairway.yaml": false} {
		fsys := fstest.MapFS{
			"p/path.yaml": {Data: []byte("shape: job\nversion: 1.0.0\ntitle: t\nsummary: s\nfiles:\n  - {name: \"" + name + "\"}\n")},
		}
		for _, at := range []string{"p/" + name, "p/app.yaml", "app.yaml"} {
			fsys[strings.ReplaceAll(at, "//", "/")] = &fstest.MapFile{Data: []byte("kind: A\n")}
		}
		_, err := LoadPath(fsys, "p")
		if said := err != nil && (strings.Contains(err.Error(), "is not in the service's folder") || strings.Contains(err.Error(), "is not a path's to write")); said == fine {
			t.Errorf("%q: %v", name, err)
		}
	}
}
