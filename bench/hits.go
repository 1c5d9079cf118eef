package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
)

// hit is a finding of any tool: which check, and enough about the place and the wording to tell it from another.
type hit struct{ check, about string }

func fairwayHits(stdout, _ []byte) ([]hit, error) {
	var r lintReport
	if err := json.Unmarshal(stdout, &r); err != nil {
		return nil, err
	}
	var hits []hit
	for _, f := range r.Findings {
		hits = append(hits, hit{f.Rule, fmt.Sprint(filepath.Base(f.File), f.Object, f.Field, f.Message)})
	}
	return hits, nil
}

// kubeScoreBelow reads checks with a grade below one: 10 is good, 5 a warning, 1 critical. kube-score gives no output at all when it
// cannot decode one document.
func kubeScoreBelow(good int) func(stdout, stderr []byte) ([]hit, error) {
	return func(stdout, stderr []byte) ([]hit, error) { return kubeScoreHits(stdout, stderr, good) }
}

func kubeScoreHits(stdout, stderr []byte, good int) ([]hit, error) {
	var objects []struct {
		Name   string `json:"object_name"`
		Checks []struct {
			Check    struct{ ID string }
			Grade    int
			Skipped  bool
			Comments []struct{ Path, Summary, Description string }
		}
	}
	if len(stdout) == 0 {
		return []hit{{"cannot-decode", string(stderr)}}, nil
	}
	if err := json.Unmarshal(stdout, &objects); err != nil {
		return nil, err
	}
	var hits []hit
	for _, o := range objects {
		for _, c := range o.Checks {
			if c.Skipped || c.Grade >= good {
				continue
			}
			hits = append(hits, hit{c.Check.ID, o.Name})
			for _, x := range c.Comments {
				hits = append(hits, hit{c.Check.ID, fmt.Sprint(o.Name, x)})
			}
		}
	}
	return hits, nil
}

// kubeconformHits reads what is not valid; it has one check.
func kubeconformHits(stdout, _ []byte) ([]hit, error) {
	var r struct {
		Resources []struct{ Kind, Name, Status, Msg string }
	}
	if err := json.Unmarshal(stdout, &r); err != nil {
		return nil, err
	}
	var hits []hit
	for _, x := range r.Resources {
		if x.Status == "statusInvalid" || x.Status == "statusError" {
			hits = append(hits, hit{"schema", fmt.Sprint(x.Kind, x.Name, x.Msg)})
		}
	}
	return hits, nil
}

func kubeLinterHits(stdout, _ []byte) ([]hit, error) {
	var r struct {
		Reports []struct {
			Diagnostic struct{ Message string }
			Check      string
			Object     struct {
				K8sObject struct {
					Namespace, Name  string
					GroupVersionKind struct{ Kind string }
				}
			}
		}
	}
	if err := json.Unmarshal(stdout, &r); err != nil {
		return nil, err
	}
	var hits []hit
	for _, x := range r.Reports {
		hits = append(hits, hit{x.Check, fmt.Sprint(x.Object.K8sObject, x.Diagnostic.Message)})
	}
	return hits, nil
}

func polarisHits(stdout, _ []byte) ([]hit, error) {
	type set map[string]struct {
		ID, Message string
		Details     []string
		Success     bool
	}
	var r struct {
		Results []struct {
			Name, Namespace, Kind string
			Results               set
			PodResult             *struct {
				Results          set
				ContainerResults []struct {
					Name    string
					Results set
				}
			}
		}
	}
	if err := json.Unmarshal(stdout, &r); err != nil {
		return nil, err
	}
	var hits []hit
	add := func(where string, s set) {
		for _, x := range s {
			if !x.Success {
				hits = append(hits, hit{x.ID, where + x.Message + strings.Join(x.Details, " ")})
			}
		}
	}
	for _, o := range r.Results {
		where := o.Kind + o.Namespace + o.Name
		add(where, o.Results)
		if o.PodResult == nil {
			continue
		}
		add(where, o.PodResult.Results)
		for _, c := range o.PodResult.ContainerResults {
			add(where+c.Name, c.Results)
		}
	}
	return hits, nil
}

// lintReport is what is read here of fairway lint -o json; docs/schema has all of it.
type lintReport struct {
	Findings []lintFinding
	Unknown  []struct{}
	Summary  struct{ Files, Objects, Errors int }
}

type lintFinding struct {
	Rule, File, Field, Message string
	Line, Column               int
	Object                     struct{ Kind, Namespace, Name string }
	Fix                        *struct{ Edits []lintEdit }
}

type lintEdit struct {
	Line, Column, EndLine, EndColumn int
	NewText                          string
}
