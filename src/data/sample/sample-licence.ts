/**
 * Licence of the sample's artwork, for the interface to show and for exports to carry. A test holds it equal to
 * `sample-art.LICENSE.txt` beside the artwork.
 */
export const sampleLicence = {
  name: 'MIT',
  source: 'https://github.com/microsoft/fluentui-emoji',
  text: `The pictures in sample-art.bin (apple, ball, bus, cactus, camera, dog, sunflower, umbrella) are from Fluent Emoji, 3D
style, by Microsoft (https://github.com/microsoft/fluentui-emoji), cropped and scaled. They were taken from the npm
package @lobehub/fluent-emoji-3d 1.1.0, Copyright (c) 2023 LobeHub (https://github.com/lobehub/fluent-emoji), which is
under the same licence.

MIT License

Copyright (c) Microsoft Corporation.

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`,
} as const;
