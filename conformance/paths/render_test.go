package paths

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/cli"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
)

const (
	coveringSets  = "../../internal/goldenpath/testdata/pairwise.txt" // services in which any two values of any two parameters meet
	koreCatalogue = "../../examples/catalogue-kore"
)

// A service is a service file, on one path, and where its manifests were written.
type service struct {
	path string // SHAPE@VERSION
	name string // of the test: what the services of a path differ by
	text string // of the service file
	dir  string
}

// A catalogue and the services that its paths are tried with.
type catalogue struct {
	name     string
	flag     []string // of fairway new, to choose it
	fsys     fs.FS
	services []service
}

// catalogues are Fairway's own, with its covering sets, and the example of an organisation's, with its tests.
func catalogues(t *testing.T) []catalogue {
	t.Helper()
	own := catalogue{name: "fairway", fsys: content.FS}
	data, err := os.ReadFile(coveringSets)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(data), "\n") {
		if m := serviceLine.FindStringSubmatch(line); m != nil {
			own.services = append(own.services, service{path: m[2], name: fmt.Sprintf("line-%d", i+1), text: m[1] + "\n"})
		}
	}
	kore := catalogue{name: "kore", flag: []string{"--catalogue", koreCatalogue}, fsys: os.DirFS(koreCatalogue)}
	opened, err := goldenpath.Open(kore.fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range opened.Shapes() {
		files, err := fs.Glob(kore.fsys, "tests/"+shape+"/*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := fs.ReadFile(kore.fsys, file)
			if err != nil {
				t.Fatal(err)
			}
			for _, version := range opened.Versions(shape) {
				path := shape + "@" + version
				text := strings.Replace(string(data), "path: "+shape+"\n", "path: "+path+"\n", 1)
				kore.services = append(kore.services, service{path: path, name: strings.TrimSuffix(filepath.Base(file), ".yaml"), text: text})
			}
		}
	}
	return []catalogue{own, kore}
}

// serviceLine is a service of a covering set: the hash of its rendering, and the service file on one line.
var serviceLine = regexp.MustCompile(`^[0-9a-f]{16} (\{path: ([a-z0-9-]+@[0-9.]+), .*)`)

// byPath returns the services of each path. Every path of the catalogue has some, or the test fails.
func (c catalogue) byPath(t *testing.T) map[string][]service {
	t.Helper()
	opened, err := goldenpath.Open(c.fsys)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]service{}
	for _, s := range c.services {
		out[s.path] = append(out[s.path], s)
	}
	for _, shape := range opened.Shapes() {
		for _, version := range opened.Versions(shape) {
			if len(out[shape+"@"+version]) == 0 {
				t.Errorf("no service of the catalogue %s is on %s@%s", c.name, shape, version)
			}
		}
	}
	return out
}

// write runs fairway new on a service file and remembers the folder.
func (s *service) write(t *testing.T, flags []string) {
	t.Helper()
	s.dir = t.TempDir()
	file := filepath.Join(t.TempDir(), cli.ServiceFile)
	if err := os.WriteFile(file, []byte(s.text), 0o666); err != nil {
		t.Fatal(err)
	}
	fairway(t, append([]string{"new", "--from", file, "--dir", s.dir}, flags...)...)
}

// fairway runs a verb as main does. It must succeed.
func fairway(t *testing.T, args ...string) {
	t.Helper()
	var said bytes.Buffer
	e := cli.Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &said, Getenv: func(string) string { return "" }, Now: time.Now}
	if code := cli.Run(t.Context(), append([]string{"fairway"}, args...), e); code != 0 {
		t.Fatalf("fairway %s: exit code %d\n%s", strings.Join(args, " "), code, said.String())
	}
}

// profiles returns the folders of a service that can be given to kubectl apply -k, relative to it: base and the clouds.
func (s *service) profiles(t *testing.T) (out []string) {
	t.Helper()
	err := filepath.WalkDir(s.dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "kustomization.yaml" {
			dir, relErr := filepath.Rel(s.dir, filepath.Dir(name))
			out, err = append(out, filepath.ToSlash(dir)), relErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("%s has no kustomization", s.path)
	}
	slices.Sort(out)
	return out
}

// object is a manifest as it was decoded.
type object map[string]any

// at returns what is at a path of keys, nil when nothing is.
func (o object) at(keys ...string) any {
	var v any = map[string]any(o)
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// text returns the string at a path of keys, "" when there is none.
func (o object) text(keys ...string) string {
	s, _ := o.at(keys...).(string)
	return s
}

// decode reads the documents of a YAML stream, JSON among them.
func decode(t *testing.T, text []byte) (out []object) {
	t.Helper()
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var o map[string]any // a map of a type of ours would have maps of that type in it
		err := d.Decode(&o)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
}

// manifests returns all objects that were written, patches and kustomizations left out.
func (s *service) manifests(t *testing.T) (out []object) {
	t.Helper()
	for _, profile := range s.profiles(t) {
		files, err := filepath.Glob(filepath.Join(s.dir, profile, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.HasPrefix(data, []byte("- ")) || bytes.Contains(data, []byte("\n- op: ")) {
				continue // a JSON patch
			}
			for _, o := range decode(t, data) {
				if o.text("kind") != "" && o.text("kind") != "Kustomization" {
					out = append(out, o)
				}
			}
		}
	}
	return out
}
