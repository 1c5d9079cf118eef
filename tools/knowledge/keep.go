//go:build keep

package main

// Flux's helm-controller has no release as a Go module that holds its definitions, only the types that they are made from.
import _ "github.com/fluxcd/helm-controller/api/v2"
