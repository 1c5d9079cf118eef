// Package definition says whether the API server would take a CustomResourceDefinition. It is a package of its own because the API
// server's validation of definitions links clients for webhooks: programs that only check custom resources do without.
package definition

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"

	"github.com/fairway-k8s/fairway/internal/apiserver/crd"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Check says what the API server's validation says of a CustomResourceDefinition: names, versions, schemas that are
// not structural, CEL rules that do not compile or cost too much. What cannot be read, and unknown fields, are for
// crd.CheckDefinition to report; here a definition that cannot be read has no problems. They are in the order of the document.
func Check(root source.Node) []crd.Problem {
	def, err := crd.ReadDefinition(root)
	if err != nil {
		return nil
	}
	errs := validation.ValidateCustomResourceDefinition(context.Background(), def)
	for _, e := range errs {
		e.Field = versioned(e.Field, def)
	}
	return crd.ProblemsOf(root, errs)
}

// hoisted are the parts of versions that the API server keeps once when all versions agree, under these names.
var hoisted = regexp.MustCompile(`^spec\.(validation|subresources|additionalPrinterColumns|selectableFields)(\W|$)`)

// versioned returns a path of the API server's own form of a definition as it is in v1, where every version has its schema.
func versioned(path string, def *apiextensions.CustomResourceDefinition) string {
	m := hoisted.FindStringSubmatch(path)
	if m == nil || len(def.Spec.Versions) == 0 {
		return path
	}
	// The storage version is the one that people look at first.
	i := max(0, slices.IndexFunc(def.Spec.Versions, func(v apiextensions.CustomResourceDefinitionVersion) bool { return v.Storage }))
	name := m[1]
	if name == "validation" {
		name = "schema"
	}
	return "spec.versions[" + strconv.Itoa(i) + "]." + name + strings.TrimPrefix(path, "spec."+m[1])
}
