package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Nothing that a manifest refers to is read from outside of its repository, whatever way it goes.
func TestFence(t *testing.T) {
	const secret = "PASSWORD=hunter2\n"
	for _, x := range []struct {
		name, kustomization string
		link                [2]string // made in the folder: name and target
		helm                bool
		reads               bool // what is referred to may be read
	}{
		{name: "a base inside", kustomization: "resources: [../base]", reads: true},
		{name: "a file beside", kustomization: "configMapGenerator: [{name: x, envs: [../base/values.env]}]", reads: true},
		{name: "parent folders", kustomization: "configMapGenerator: [{name: x, envs: [../../outside/secret.env]}]"},
		{name: "files with a key", kustomization: "configMapGenerator: [{name: x, files: [key=../../outside/secret.env]}]"},
		{name: "a Secret", kustomization: "secretGenerator: [{name: x, files: [../../outside/secret.env]}]"},
		{name: "an absolute path", kustomization: "configMapGenerator: [{name: x, files: [OUTSIDE/secret.env]}]"},
		{name: "a link", kustomization: "configMapGenerator: [{name: x, files: [link]}]", link: [2]string{"link", "../../outside/secret.env"}},
		{name: "a linked folder", kustomization: "configMapGenerator: [{name: x, files: [link/secret.env]}]", link: [2]string{"link", "../../outside"}},
		{name: "a base", kustomization: "resources: [../../outside]"},
		{name: "a linked base", kustomization: "resources: [link]", link: [2]string{"link", "../../outside"}},
		{name: "a linked kustomization", link: [2]string{"kustomization.yaml", "../../outside/kustomization.yaml"}},
		{name: "a resource", kustomization: "resources: [../../outside/secret.yaml]"},
		{name: "a patch", kustomization: "patches: [{path: ../../outside/secret.yaml}]"},
		{name: "a replacement", kustomization: "replacements: [{path: ../../outside/secret.yaml}]"},
		{name: "a configuration", kustomization: "configurations: [../../outside/secret.yaml]"},
		{name: "a generator's own file", kustomization: "generators: [generator.yaml]", link: [2]string{"secret", "../../outside/secret.env"}},
		{name: "a chart", kustomization: "helmGlobals: {chartHome: ../../outside}\nhelmCharts: [{name: chart, releaseName: x}]", helm: true},
		{name: "a link in a chart", kustomization: "helmCharts: [{name: chart, releaseName: x}]", link: [2]string{"charts/chart/secret.env", "../../../../outside/secret.env"}, helm: true},
		{name: "a link to a folder with a link", kustomization: "helmCharts: [{name: chart, releaseName: x}]", link: [2]string{"charts/chart/files", "../../../shared"}, helm: true},
		{name: "Git's own files", kustomization: "configMapGenerator: [{name: x, files: [../.git/config]}]"},
		{name: "values", kustomization: "helmCharts: [{name: chart, releaseName: x, valuesFile: ../../outside/secret.yaml}]", helm: true},
	} {
		t.Run(x.name, func(t *testing.T) {
			dir := t.TempDir()
			outside := filepath.Join(dir, "outside")
			write(t, dir, "outside/secret.env", secret)
			write(t, dir, "outside/secret.yaml", configMap+"data: {password: hunter2}\n")
			write(t, dir, "outside/kustomization.yaml", "resources: [secret.yaml]\n")
			write(t, dir, "outside/chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n")
			write(t, dir, "repo/.git/config", secret)
			write(t, dir, "repo/base/kustomization.yaml", "resources: [cm.yaml]\n")
			write(t, dir, "repo/base/cm.yaml", configMap)
			write(t, dir, "repo/base/values.env", "A=1\n")
			write(t, dir, "repo/over/charts/chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n")
			write(t, dir, "repo/over/generator.yaml", "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: x}\nfiles: [secret]\n")
			write(t, dir, "repo/shared/README", "")
			if x.kustomization != "" {
				write(t, dir, "repo/over/kustomization.yaml", strings.ReplaceAll(x.kustomization, "OUTSIDE", outside)+"\n")
			}
			for name, target := range map[string]string{"repo/shared/secret.env": "../../outside/secret.env", "repo/over/" + x.link[0]: x.link[1]} {
				if target == "" {
					continue
				}
				if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
					t.Skip(err)
				}
			}
			o := Options{Dir: filepath.Join(dir, "repo")}
			if x.helm {
				o.Helm = filepath.Join(dir, "no-helm") // must not be reached
			}
			in, err := Load(t.Context(), []string{"over"}, o)
			if err != nil {
				t.Fatal(err)
			}
			if read := in.Stats.Builds > 0; read != x.reads {
				t.Errorf("built: %t, want %t:\n%s", read, x.reads, dump(in))
			}
			if !x.reads && len(in.Failures) == 0 {
				t.Errorf("nothing is said:\n%s", dump(in))
			}
			for _, f := range in.Files {
				if strings.Contains(string(f.Data), "hunter2") {
					t.Errorf("%s holds what is outside:\n%s", f.Name, f.Data)
				}
			}
		})
	}
}

// kustomize writes a chart's values into a temporary folder, under the chart's name.
func TestChartNamedByPath(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("FAIRWAY_TEST_HELM", "kustomize")
	dir := t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	write(t, dir, "tmp/README", "")
	write(t, dir, "charts/README", "")
	write(t, dir, "repo/.git/HEAD", "")
	write(t, dir, "repo/charts/chart/Chart.yaml", "apiVersion: v2\nname: chart\ntype: library\n")
	write(t, dir, "repo/charts/chart/values.yaml", "{}\n")
	write(t, dir, "repo/kustomization.yaml", "helmGlobals: {chartHome: a/b}\nhelmCharts: [{name: ../../charts/chart}]\n")
	in, err := Load(t.Context(), []string{"."}, Options{Dir: filepath.Join(dir, "repo"), Helm: self})
	if err != nil {
		t.Fatal(err)
	}
	if wrote, _ := filepath.Glob(filepath.Join(dir, "charts/*values*")); len(wrote) > 0 {
		t.Errorf("%s was written", wrote)
	}
	if len(in.Failures) != 1 || in.Failures[0].Place.String() != "kustomization.yaml:2:21" {
		t.Errorf("got\n%s", dump(in))
	}
}

// Small folders, or one large file, must not make a build that no machine can hold.
func TestTooMuchToBuild(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "0/a.yaml", configMap)
	write(t, dir, "0/kustomization.yaml", "resources: [a.yaml]\n")
	for i := 1; i < 40; i++ {
		write(t, dir, fmt.Sprintf("%dx/kustomization.yaml", i), fmt.Sprintf("namePrefix: x-\nresources: [../%d]\n", i-1))
		write(t, dir, fmt.Sprintf("%dy/kustomization.yaml", i), fmt.Sprintf("namePrefix: y-\nresources: [../%d]\n", i-1))
		write(t, dir, fmt.Sprintf("%d/kustomization.yaml", i), fmt.Sprintf("resources: [../%dx, ../%dy]\n", i, i))
	}
	write(t, dir, "large/data", strings.Repeat("x", 5000))
	write(t, dir, "large/kustomization.yaml", "configMapGenerator: [{name: x, files: [data]}]\n")
	for named, want := range map[string]string{
		"39":    "kustomize would read more than 10000 files for it, the same ones again and again",
		"large": "kustomize cannot build it: loading KV pairs: file sources: [data]: large/data is larger than 0 MiB",
	} {
		in, err := Load(t.Context(), []string{named}, Options{Dir: dir, MaxFileBytes: 4000})
		if err != nil {
			t.Fatal(err)
		}
		if in.Stats.Builds > 0 || len(in.Failures) != 1 || in.Failures[0].Message != want {
			t.Errorf("%s: want %q, got\n%s", named, want, dump(in))
		}
	}
}

// The disk that kustomize is given holds, whatever it asks for.
func TestFencedDisk(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/a", "a")
	write(t, dir, "out/b", "b")
	if err := os.Symlink("../out/b", filepath.Join(dir, "in/link")); err != nil {
		t.Skip(err)
	}
	real, err := filepath.EvalSymlinks(filepath.Join(dir, "in"))
	if err != nil {
		t.Fatal(err)
	}
	d := newFencedDisk(fence{real}, 1<<20, nil)
	for name, want := range map[string]bool{"in/a": true, "in/link": false, "out/b": false, "in/../out/b": false} {
		if _, err := d.ReadFile(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("ReadFile %s: %v, want it read: %t", name, err, want)
		}
		if f, err := d.Open(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("Open %s: %v, want it open: %t", name, err, want)
		} else if err == nil {
			f.Close()
		}
	}
	if _, err := d.ReadDir(filepath.Join(dir, "out")); err == nil {
		t.Error("a folder outside was read")
	}
	if err := d.WriteFile(filepath.Join(dir, "in/a"), nil); err == nil {
		t.Error("a file was written")
	}
}

// Without a repository, what the user named is the border, wherever it was named from.
func TestFenceWithoutRepository(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "secret.env", "PASSWORD=hunter2\n")
	write(t, dir, "app/values.env", "A=1\n")
	write(t, dir, "app/over/kustomization.yaml", "configMapGenerator: [{name: x, envs: [../values.env]}]\n")
	write(t, dir, "app/out/kustomization.yaml", "configMapGenerator: [{name: x, envs: [../../secret.env]}]\n")
	for _, x := range []struct {
		from, named string
		builds      int
		refused     string
	}{
		{".", "app", 1, "app/out/kustomization.yaml:1:39: ../../secret.env leads out of app, and nothing outside is read"},
		{"app", ".", 1, "out/kustomization.yaml:1:39: ../../secret.env leads out of the working directory, and nothing outside is read"},
		{"app/out", "..", 1, "../out/kustomization.yaml:1:39: ../../secret.env leads out of DIR/app, and nothing outside is read"},
		{".", "app/over", 0, "app/over/kustomization.yaml:1:39: ../values.env leads out of app/over, and nothing outside is read"},
		{".", "app/over/kustomization.yaml", 0, "app/over/kustomization.yaml:1:39: ../values.env leads out of app/over, and nothing outside is read"},
	} {
		in, err := Load(t.Context(), []string{x.named}, Options{Dir: filepath.Join(dir, x.from)})
		if err != nil {
			t.Fatal(err)
		}
		real, _ := filepath.EvalSymlinks(dir)
		want := strings.ReplaceAll(x.refused, "DIR", real)
		if in.Stats.Builds != x.builds || len(in.Failures) != 1 || in.Failures[0].Place.String()+": "+in.Failures[0].Message != want {
			t.Errorf("%s from %s: want %d builds and %q, got\n%s", x.named, x.from, x.builds, want, dump(in))
		}
	}
}

// A link in a folder is followed as far as the fence.
func TestLinksThatLeadOut(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "outside/cm.yaml", configMap)
	write(t, dir, "repo/.git/HEAD", "")
	write(t, dir, "repo/shared/cm.yaml", configMap)
	write(t, dir, "repo/app/own.yaml", configMap)
	for name, target := range map[string]string{"out.yaml": "../../outside/cm.yaml", "in.yaml": "../shared/cm.yaml", "folder": "../../outside"} {
		if err := os.Symlink(target, filepath.Join(dir, "repo/app", name)); err != nil {
			t.Skip(err)
		}
	}
	in, err := Load(t.Context(), []string{"app"}, Options{Dir: filepath.Join(dir, "repo")})
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Objects) != 2 || len(in.Skipped) != 2 || in.Skipped[0].Reason != Outside || in.Skipped[1].Reason != Outside {
		t.Errorf("got\n%s", dump(in))
	}
	// Named, it is read.
	if in, err = Load(t.Context(), []string{"app/out.yaml"}, Options{Dir: filepath.Join(dir, "repo")}); err != nil || len(in.Objects) != 1 {
		t.Errorf("%v\n%s", err, dump(in))
	}
}

// Helm runs a nameTemplate with functions that it keeps from charts: env, and getHostByName.
func TestNameTemplate(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "charts/chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n")
	write(t, dir, "kustomization.yaml", "helmCharts: [{name: chart, nameTemplate: '{{ env \"TOKEN\" }}'}]\n")
	in, err := Load(t.Context(), []string{"kustomization.yaml"}, Options{Dir: dir, Helm: filepath.Join(dir, "no-helm")}) // must not be reached
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Failures) != 0 || len(in.Skipped) != 1 || in.Skipped[0].Reason != HelmChart {
		t.Errorf("got\n%s", dump(in))
	}
}
