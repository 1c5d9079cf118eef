package kube

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/fairway-k8s/fairway/internal/listing"
)

// Each calls f for every object of a kind, resource being its plural, in the order in which the API server keeps them and as it has them,
// status included. namespace is "" for kinds without one, and for all. The error is the API server's (StateOf tells what it means) or f's.
func (c *Client) Each(ctx context.Context, group, version, resource, namespace string, f func(json.RawMessage) error) error {
	path := kind{group: group, version: version, resource: resource}.path(namespace)
	token := ""
	for pages := 1; ; pages++ {
		r := c.rest.Get().AbsPath(path).Param("limit", strconv.Itoa(pageSize))
		if token != "" {
			r.Param("continue", token)
		}
		body, err := r.Stream(ctx)
		if err != nil {
			return err
		}
		page, err := listing.Read(body, f)
		body.Close()
		if err != nil {
			return err
		}
		if page.Continue == "" {
			return nil
		}
		if page.Continue == token || pages >= maxPages {
			return errEndless
		}
		token = page.Continue
	}
}
