package lint

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/load"
)

// maxRebuilds bounds how often Fix begins anew because of builds. Then no file is mended that a build is made of.
const maxRebuilds = 8

// rebuild has the builds made anew with the mended files, and bans fixes that harm one: an overlay may test, replace or bring back what
// a fix has changed in its base.
func (m *mender) rebuild(in *load.Input, out *Mended) error {
	changed := map[string][]byte{}
	for _, f := range out.Files {
		changed[f.Name] = f.After
	}
	// The files that builds are made of, by the builds' scopes.
	sources := map[string]map[string]bool{}
	affected := false
	for _, t := range in.Objects {
		if !t.Built {
			continue
		}
		if sources[t.Scope] == nil {
			sources[t.Scope] = map[string]bool{}
		}
		name := t.Origin.File().Name
		sources[t.Scope][name] = true
		affected = affected || changed[name] != nil
	}
	if !affected {
		return nil
	}
	ban := func(scope, why string, suspect func(*finding.Finding) bool) (found bool) {
		for _, f := range m.fixed {
			if k := keyOf(f); m.banned[k] == "" && sources[scope][k.file] && suspect(f) {
				m.banned[k] = why
				found = true
			}
		}
		return found
	}
	all := func(*finding.Finding) bool { return true }
	if m.rebuilds++; m.rebuilds > maxRebuilds {
		for scope := range sources {
			ban(scope, "the builds of its file keep breaking", all)
		}
		return nil
	}
	now, err := m.options.Reload(changed)
	if err != nil {
		return err
	}
	result, err := Check(now, m.gate)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, f := range in.Failures {
		known[f.Place.File+f.Message] = true
	}
	for _, f := range now.Failures {
		if known[f.Place.File+f.Message] {
			continue
		}
		ban(path.Dir(f.Place.File), "a build of its file would fail: "+f.Message, all)
	}
	before, after := byClass(m.result.Findings), byClass(result.Findings)
	scope := map[string]string{}
	for _, t := range now.Objects {
		scope[t.Root.File().Name] = t.Scope
	}
	for _, k := range slices.SortedFunc(maps.Keys(after), class.compare) {
		if len(after[k]) <= len(before[k]) {
			continue
		}
		why := fmt.Sprintf("a build of its file would break %s with %s", k.rule, k.object)
		same := func(f *finding.Finding) bool { return f.Rule == k.rule && f.Object.Kind == k.object.Kind }
		kind := func(f *finding.Finding) bool { return f.Object.Kind == k.object.Kind }
		for _, suspect := range []func(*finding.Finding) bool{same, kind, all} {
			if ban(scope[k.file], why, suspect) {
				break
			}
		}
	}
	return nil
}
