print('loading')
raise ValueError('at load')
