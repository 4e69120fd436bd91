console.log('loading')
throw new RangeError('at load')
