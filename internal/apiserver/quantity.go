package apiserver

import (
	"reflect"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

var quantityType = reflect.TypeFor[resource.Quantity]()

// maxQuantityBytes is how long the text of a quantity may be; dividing and printing numbers takes time in the square of their length.
const maxQuantityBytes = 1000

// endless matches a quantity of a thousand digits and more. The API server knows no limit: its code writes the number out digit by
// digit, which takes hours and all memory for 1e999999999. Quantities end at 2^63 and are rounded up to 1e-9.
var endless = regexp.MustCompile(`^\s*[-+]?[0-9.]+[eE][-+]?0*[1-9][0-9]{3,}\s*$`)

// Endless reports whether text is a quantity that the API server's code, were it given to it, would take beyond measure to read.
func Endless(text string) bool { return endless.MatchString(text) }

// unreadable reports whether text must not reach the API server's code for quantities.
func unreadable(text string) bool { return len(text) > maxQuantityBytes || Endless(text) }

// unreadableSize is unreadable for the page size in the name of a resource, which validation reads as well: hugepages-2Mi.
func unreadableSize(resource string) bool {
	size, ok := strings.CutPrefix(resource, corev1.ResourceHugePagesPrefix)
	return ok && unreadable(size)
}
