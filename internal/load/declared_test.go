package load

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A service file in a folder is read for what it declares, although nothing in it looks like an object.
func TestServiceFileInFolder(t *testing.T) {
	for _, name := range []string{"fairway.yaml", "checkout.fairway.yaml"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("path: stateless-service@1.0.0\nname: checkout\nboot: 45s\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		in, err := Load(t.Context(), []string{dir}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Declared) != 1 || in.Declared[0].Boot != 45*time.Second || len(in.Failures) != 0 {
			t.Errorf("%s: declared %+v, failures %v", name, in.Declared, in.Failures)
		}
	}
}

// Who names the folder of manifests means the service whose file a golden path puts above it: the nearest one, within the repository.
func TestServiceFileAbove(t *testing.T) {
	top := t.TempDir()
	for name, text := range map[string]string{
		"fairway.yaml":                        "path: stateless-service@1.0.0\nname: checkout\nboot: 1s\n", // outside of the repository
		"repo/.git/HEAD":                      "",
		"repo/shop/checkout.fairway.yaml":     "path: stateless-service@1.0.0\nname: checkout\nboot: 45s\n",
		"repo/shop/deploy/base/app.yaml":      "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
		"repo/none/deploy/app.yaml":           "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
		"repo/broken/fairway.yaml":            "path: [\n",
		"repo/broken/deploy/app.yaml":         "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
		"repo/shop/deploy/prod/fairway.yaml":  "path: stateless-service@1.0.0\nname: checkout\nboot: 50s\n",
		"repo/shop/deploy/prod/sub/prod.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
	} {
		at := filepath.Join(top, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		dir, path string // the working directory below repo, and what is named
		file      string // what the service file is called first; "" for none
		boot      time.Duration
	}{
		{".", "shop/deploy/base", "shop/checkout.fairway.yaml", 45 * time.Second},
		{".", "shop/deploy/base/app.yaml", "shop/checkout.fairway.yaml", 45 * time.Second},
		{"shop/deploy/base", ".", "../../checkout.fairway.yaml", 45 * time.Second},
		{"shop/deploy/base", "app.yaml", "../../checkout.fairway.yaml", 45 * time.Second},
		{"none", "../shop/deploy/base", "../shop/checkout.fairway.yaml", 45 * time.Second},
		{".", "shop/deploy/prod/sub", "shop/deploy/prod/fairway.yaml", 50 * time.Second},
		{".", "none/deploy", "", 0},
	} {
		in, err := Load(t.Context(), []string{c.path}, Options{Dir: filepath.Join(top, "repo", c.dir)})
		if err != nil {
			t.Fatal(err)
		}
		file, boot := "", time.Duration(0)
		if len(in.Declared) > 0 {
			file, boot = in.Declared[0].File, in.Declared[0].Boot
		}
		if file != c.file || boot != c.boot || len(in.Failures) != 0 || in.Stats.Files != 1 {
			t.Errorf("in %s, %s: %q declares %s, failures %v, %d files; want %q, %s, 1 file", c.dir, c.path, file, boot, in.Failures, in.Stats.Files, c.file, c.boot)
		}
	}
	in, err := Load(t.Context(), []string{"broken/deploy"}, Options{Dir: filepath.Join(top, "repo")})
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Failures) != 1 || in.Failures[0].Place.File != "broken/fairway.yaml" {
		t.Errorf("a service file that is no YAML: failures %v, want one of broken/fairway.yaml", in.Failures)
	}
}
