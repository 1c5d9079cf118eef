package report

import (
	"path"
	"strconv"
	"strings"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// What kustomize and helm make is in no file. Places in it name the kustomization or the template, followed by one of these.
const (
	kustomizeBuild = " (kustomize build)"
	helmTemplate   = " (helm template)"
)

// attach returns a place that a program finds in the repository: what was built belongs to the beginning of the kustomization or the
// template that it comes from. note says where in the build it is, and is empty for places in files.
func attach(r *finding.Report, p finding.Place) (at finding.Place, note string) {
	where := ""
	if dir, ok := strings.CutSuffix(p.File, kustomizeBuild); ok {
		at.File, where = kustomizationFile(r, dir), "in the build"
	} else if template, ok := strings.CutSuffix(p.File, helmTemplate); ok {
		at.File, where = template, "in what helm makes of it"
	} else {
		return p, ""
	}
	if p.Line == 0 {
		return at, " (" + where + ")"
	}
	at.Line, at.Column, at.EndLine, at.EndColumn = 1, 1, 1, 2
	return at, " (" + where + ", line " + strconv.Itoa(p.Line) + ")"
}

// kustomizationFile returns the file of a folder's kustomization, under the name that it has there when that is known.
func kustomizationFile(r *finding.Report, dir string) string {
	for _, name := range []string{"kustomization.yml", "Kustomization"} {
		if file := path.Join(dir, name); r.Exists != nil && r.Exists(file) {
			return file
		}
	}
	return path.Join(dir, "kustomization.yaml")
}
