package cluster

import (
	"path"
	"strings"
	"time"
)

// Annotations by which a workload, or its pod template, says what its manifest cannot: durations such as 45s or 1m30s.
const (
	BootAnnotation    = "fairway-k8s.io/boot"    // how long its start takes on a bad day
	RequestAnnotation = "fairway-k8s.io/request" // how long its longest request takes
)

// Declared is what somebody measured of a workload and wrote down, in a service file (fairway.yaml) or in annotations.
type Declared struct {
	File string // the service file; "" for annotations
	Name string // of the workload
	// Boot is how long a start takes on a bad day and Request the longest request; 0 where nobody said.
	Boot, Request time.Duration
}

// DeclaredOf returns what is declared of a workload: its annotations, and where they say nothing the service file that has its name and stands
// in a folder at or above that of the manifest, the nearest one. What nobody declared is 0.
func (s *Snapshot) DeclaredOf(w *Workload) (d Declared) {
	folder := "."
	if f := w.Origin.File(); f != nil {
		folder = path.Dir(f.Name)
	}
	nearest := ""
	for _, x := range s.declared {
		if dir := path.Dir(x.File); x.Name == w.Name && above(dir, folder) && (nearest == "" || dir != nearest && above(nearest, dir)) {
			d, nearest = x, dir
		}
	}
	for _, says := range [...]map[string]string{w.Annotations, w.Template.Annotations} {
		for key, to := range map[string]*time.Duration{BootAnnotation: &d.Boot, RequestAnnotation: &d.Request} {
			if t, err := time.ParseDuration(says[key]); err == nil && t > 0 {
				*to = t
			}
		}
	}
	return d
}

// above reports whether a folder is another or holds it, both absolute or both relative to the same one.
func above(dir, folder string) bool {
	if n, all := ups(dir); all && !path.IsAbs(folder) {
		m, _ := ups(folder)
		return n >= m
	}
	return dir == folder || strings.HasPrefix(folder, strings.TrimSuffix(dir, "/")+"/")
}

// ups counts the .. that a path begins with, and reports whether it is nothing else.
func ups(name string) (n int, all bool) {
	for name = strings.TrimPrefix(name+"/", "./"); strings.HasPrefix(name, "../"); name = name[3:] {
		n++
	}
	return n, name == ""
}
