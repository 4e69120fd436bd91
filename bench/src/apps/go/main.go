// A 3.0 handler with the SDK of Function Compute.
package main

import (
	"context"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

type answer struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

func main() {
	fc.Start(func(ctx context.Context, event []byte) (answer, error) {
		return answer{200, map[string]string{"Content-Type": "text/plain"}, "Hello, world"}, nil
	})
}
