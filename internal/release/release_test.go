package release

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
)

const (
	onePath = `shape: job
version: VERSION
title: a job
summary: it runs
parameters:
  - name: name
    type: name
    required: true
    doc: what it is called
    example: report
  - name: retries
    type: int
    default: "3"
    min: "0"
    max: "10"
    doc: how often it is tried again
    example: "3"
files:
  - name: job.yaml
`
	template = `apiVersion: batch/v1
kind: Job
metadata:
  name: report  #= name
spec:
  ttlSecondsAfterFinished: 100  # then it is gone (job-ttl)
  backoffLimit: 3  #= retries
`
	firstLog  = "version: 1.0.0\ndate: 2026-01-01\nsummary: the first\nchanges: []\n"
	secondLog = `version: 1.1.0
date: 2026-02-01
summary: kept longer
changes:
  - id: kept-longer
    title: a run is kept longer
    default: job-ttl
    from: "100"
    to: "200"
    fields: [Job spec.ttlSecondsAfterFinished]
    reason: It was gone before anybody looked.
    incident: job-never-ended
    severity: should
`
)

// small is a catalogue of one shape in two versions without a fault, with what is replaced in its files.
func small(t *testing.T, edits ...string) fstest.MapFS {
	t.Helper()
	files := map[string]string{
		"catalogue.yaml":            "schemaVersion: 1\nname: small\n",
		"changelog/1.0.0.yaml":      firstLog,
		"changelog/1.1.0.yaml":      secondLog,
		"paths/job/1.0.0/path.yaml": strings.Replace(onePath, "VERSION", "1.0.0", 1),
		"paths/job/1.1.0/path.yaml": strings.Replace(onePath, "VERSION", "1.1.0", 1),
		"paths/job/1.0.0/job.yaml":  template,
		"paths/job/1.1.0/job.yaml":  strings.Replace(template, "100", "200", 1),
	}
	for i := 0; i < len(edits); i += 3 {
		name, old, new := edits[i], edits[i+1], edits[i+2]
		if old != "" && strings.Count(files[name], old) != 1 {
			t.Fatalf("%q is not once in %s", old, name)
		}
		if old == "" {
			files[name] = new
		} else {
			files[name] = strings.Replace(files[name], old, new, 1)
		}
		if files[name] == "" {
			delete(files, name)
		}
	}
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func open(t *testing.T, fsys fstest.MapFS) (*goldenpath.Catalogue, []Fault) {
	t.Helper()
	c, err := goldenpath.Open(fsys)
	if err != nil {
		t.Fatal(err)
	}
	web, err := knowledge.Load(catalogue.New(), content.FS, fsys)
	return c, append(FaultsOf("records", err), Lint(c, web)...)
}

func TestLint(t *testing.T) {
	const path, log1, log2 = "paths/job/1.1.0/path.yaml", "changelog/1.0.0.yaml", "changelog/1.1.0.yaml"
	for _, x := range []struct {
		name       string
		edits      []string
		file, want string // "" for none
	}{
		{"whole", nil, "", ""},
		{"of a form that is not known yet", []string{"catalogue.yaml", "schemaVersion: 1", "schemaVersion: 7"}, "catalogue.yaml", "schemaVersion 7"},
		{"a version without a changelog", []string{log1, firstLog, ""}, "paths/job/1.0.0/path.yaml", "changelog/1.0.0.yaml"},
		{"a changelog without a version", []string{"changelog/2.0.0.yaml", "", strings.Replace(firstLog, "1.0.0", "2.0.0", 1)}, "changelog/2.0.0.yaml", "no path has the version 2.0.0"},
		{"a path in another folder", []string{path, "version: 1.1.0", "version: 1.2.0"}, path, "lies in the folder of job@1.1.0"},
		{"a default that is no record", []string{"paths/job/1.1.0/job.yaml", "(job-ttl)", "(job-tll)"}, "paths/job/1.1.0/job.yaml", "names the default job-tll, which is no record"},
		{"a change of no default", []string{log2, "default: job-ttl", "default: job-tll"}, log2, "job-tll, which is no record"},
		{"a change without an incident", []string{log2, "job-never-ended", "job-never-begun"}, log2, "job-never-begun, which is no incident"},
		{"a change of a shape that has not the version", []string{log2, "    severity", "    shapes: [cron-job]\n    severity"}, log2, "about cron-job, which has no version 1.1.0"},
		{"a change that touches a sentence", []string{log2, "[Job spec.ttl", "[the spec.ttl"}, log2, "must name a kind"},
		{"a change of an unknown form", []string{log2, "severity: should", "severity: maybe"}, log2, `"maybe"`},
		{"a patch that changes", []string{
			"changelog/1.0.1.yaml", "", strings.Replace(secondLog, "1.1.0", "1.0.1", 1),
			"paths/job/1.0.1/path.yaml", "", strings.Replace(onePath, "VERSION", "1.0.1", 1),
			"paths/job/1.0.1/job.yaml", "", template, log2, secondLog, strings.Replace(firstLog, "1.0.0", "1.1.0", 1)}, "changelog/1.0.1.yaml", "takes a new minor or major version"},
		{"a deprecated version with nothing after it", []string{log2, "changes:", "deprecated: {since: 2026-03-01, sunset: 2026-04-01, why: old}\nchanges:"}, log2, "no newer version to go to"},
		{"deprecated before it came out", []string{log1, "changes", "deprecated: {since: 2025-03-01, sunset: 2026-04-01, why: old}\nchanges"}, log1, "after it came out"},
		{"a parameter that is gone", []string{path, "  - name: retries", "  - name: tries", "paths/job/1.1.0/job.yaml", "#= retries", "#= tries"}, path, "the parameter retries is gone"},
		{"a parameter that has to be said", []string{path, "    default: \"3\"", "    required: true"}, path, "the parameter retries has to be said"},
		{"a parameter of another type", []string{path, "type: int", "type: port", path, "min: \"0\"", "min: \"1\""}, path, "the parameter retries is no int any more, but port"},
		{"a parameter that may be less", []string{path, `min: "0"`, `min: "1"`}, path, "the parameter retries must be at least 1"},
		{"a parameter that may be more", []string{path, `max: "10"`, `max: "20"`}, "", ""},
		{"a folder that is no version", []string{"paths/job/next/path.yaml", "", onePath}, "paths/job/next/path.yaml", "no version"},
		{"an empty changelog", []string{log2, secondLog, "\n"}, log2, "it is empty"},
		{"a changelog of two documents", []string{log2, "", secondLog + "---\n" + secondLog}, log2, "more than one document"},
		{"a path of two documents", []string{path, "files:", "---\nfiles:"}, path, "more than one document"},
		{"an own record of two documents", []string{"defaults/own.yaml", "", "id: own\n---\nid: other\n"}, "", "more than one document"},
		{"an own record with a fault", []string{"defaults/own.yaml", "", "id: own\ntitle: t\nvalue: v\nreason: r\nsince: 1.0.0\nincident: none-such\n"}, "", "none-such"},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, faults := open(t, small(t, x.edits...))
			if x.want == "" {
				if len(faults) > 0 {
					t.Errorf("got %v", faults)
				}
				return
			}
			for _, f := range faults {
				if strings.Contains(f.Message, x.want) && (x.file == "" || f.File == x.file) {
					return
				}
			}
			t.Errorf("got %v\nwant %q in %s", faults, x.want, x.file)
		})
	}
}

func TestCatalogue(t *testing.T) {
	dirty := func([]goldenpath.Rendered) ([]*finding.Finding, error) {
		return []*finding.Finding{{Rule: "some-rule", Message: "it is dirty", Place: finding.Place{File: "job.yaml", Line: 3}}}, nil
	}
	clean := func([]goldenpath.Rendered) ([]*finding.Finding, error) { return nil, nil }
	for _, x := range []struct {
		name  string
		lint  Linter
		edits []string
		want  string // "" for no fault
	}{
		{"whole", clean, nil, ""},
		{"a difference that no change covers", clean, []string{"paths/job/1.1.0/job.yaml", "  backoffLimit", "  parallelism: 2\n  backoffLimit"}, "job differs in Job spec.parallelism between 1.0.0 and 1.1.0 (least: (not there) -> 2)"},
		{"a file of another name", clean, []string{"paths/job/1.1.0/path.yaml", "name: job.yaml", "name: run.yaml",
			"paths/job/1.1.0/job.yaml", strings.Replace(template, "100", "200", 1), "", "paths/job/1.1.0/run.yaml", "", strings.Replace(template, "100", "200", 1)}, "leaves what is in run.yaml where it was"},
		{"another comment", clean, []string{"paths/job/1.1.0/job.yaml", "then it is gone", "then it goes"}, ""},
		{"a change that is not seen", clean, []string{"paths/job/1.1.0/job.yaml", "200", "100"}, "the change kept-longer is in no rendering of job"},
		{"a finding", dirty, nil, "with job@1.0.0: job.yaml:3: it is dirty (some-rule)"},
		{"a finding that is accepted", dirty, []string{"tests/accepted.yaml", "", "- {rule: some-rule, reason: it is meant so}\n"}, ""},
		{"a finding that is accepted in one version", dirty, []string{"tests/accepted.yaml", "", "- {rule: some-rule, versions: [1.0.0], reason: it is meant so}\n"}, "with job@1.1.0: job.yaml:3"},
		{"a finding that is accepted and not there", clean, []string{"tests/accepted.yaml", "", "- {rule: some-rule, reason: it is meant so}\n"}, "no rendering has the finding some-rule"},
		{"a finding that is accepted without a reason", dirty, []string{"tests/accepted.yaml", "", "- {rule: some-rule}\n"}, "needs its rule and a reason"},
		{"a service that cannot be", clean, []string{"tests/job/big.yaml", "", "path: job\nname: big\nretries: 11\n"}, "with job@1.0.0: 3:10: retries is 11"},
		{"a service of another shape", clean, []string{"tests/job/big.yaml", "", "path: jub\nname: big\n"}, "must be job"},
		{"a service that begins with a later version", clean, []string{"tests/job/a.yaml", "", "path: job\nname: a\n", "tests/job/b.yaml", "", "path: job@1.1.0\nname: b\n"}, ""},
		{"an organisation's file", clean, []string{"tests/fairway.org.yaml", "", "retries: 5\n"}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			fsys := small(t, x.edits...)
			c, faults := open(t, fsys)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			r, err := Test(fsys, c, x.lint)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range r.Golden {
				fsys[g.Name] = &fstest.MapFile{Data: g.Data}
			}
			if r, err = Test(fsys, c, x.lint); err != nil {
				t.Fatal(err)
			}
			if x.want == "" {
				if len(r.Faults) > 0 {
					t.Errorf("got %v", r.Faults)
				}
				return
			}
			for _, f := range r.Faults {
				if strings.Contains(f.Message, x.want) {
					return
				}
			}
			t.Errorf("got %v\nwant %q", r.Faults, x.want)
		})
	}
}

// A golden file that is missing, another or one too many is said.
func TestGolden(t *testing.T) {
	clean := func([]goldenpath.Rendered) ([]*finding.Finding, error) { return nil, nil }
	fsys := small(t)
	c, _ := open(t, fsys)
	r, err := Test(fsys, c, clean)
	if err != nil || len(r.Faults) != 2 || !strings.Contains(r.Faults[0].Message, "no such golden file") {
		t.Fatalf("%v %+v", err, r)
	}
	for _, g := range r.Golden {
		fsys[g.Name] = &fstest.MapFile{Data: g.Data}
	}
	const name = "tests/golden/job/1.0.0/least.txtar"
	fsys[name].Data = []byte(strings.Replace(string(fsys[name].Data), "kind: Job", "kind: Jub", 1))
	fsys["tests/golden/job/1.0.0/old.txtar"] = fsys[name]
	r, err = Test(fsys, c, clean)
	if err != nil || len(r.Faults) != 2 || r.Faults[0].File != name || !strings.Contains(r.Faults[0].Message, "from line 4 on") || len(r.Stale) != 1 {
		t.Errorf("%v %+v", err, r)
	}
}
